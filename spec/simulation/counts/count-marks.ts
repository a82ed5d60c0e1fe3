/** What ten thousand seeds of counts must have brought up, under each guarantee. */
export const countMarks: readonly string[] = [
  ...['crash', 'terminated', 'stopped beyond the session', 'session expired unheard', 'partitions lost'],
  ...['commit held', 'unit: a living owner is fenced', 'unit: a dead owner left it open'],
  ...[
    'before the effect',
    'with the request on its way',
    'after the effect',
    'in place of the answer',
  ].flatMap(place =>
    ['commit unit', 'read', 'open unit', 'open state', 'apply state', 'restore state', 'close state'].map(
      call => `crash ${place}: ${call}`,
    ),
  ),
  'restore: goes on behind what it has',
  'restore: given up',
  'restore: resumed half-way',
  // Of states on disks.
  ...['state: goes on with a folder', 'state: goes on with a folder whose owner died in an apply'],
  ...['state: the folder of a living owner is left alone', 'disks lost', 'write failed'],
  // By the clock, and by timers.
  ...[
    'counts: a window was closed by the clock',
    'counts: a record was late for one that the clock had closed',
  ],
  ...['counts: a key was quiet', 'counts: a timer fired', 'counts: a result was left out for a later one'],
  'unit: failed with changes of a state in it',
  'unit: changes of a state behind the fence',
];
