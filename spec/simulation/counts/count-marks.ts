/** What ten thousand seeds of counts must have brought up, under each guarantee. */
export const countMarks: readonly string[] = [
  ...['crash', 'terminated', 'stopped beyond the session', 'session expired unheard', 'partitions lost'],
  ...['commit held', 'unit: a living owner is fenced', 'unit: a dead owner left it open'],
  ...[
    'before the effect',
    'with the request on its way',
    'after the effect',
    'in place of the answer',
  ].flatMap(place => ['commit unit', 'read', 'open unit'].map(call => `crash ${place}: ${call}`)),
  'restore: goes on behind what it has',
  'restore: given up',
  'restore: resumed half-way',
  'unit: failed with changes of a state in it',
  'unit: changes of a state behind the fence',
];
