/** Questions are answered of what is committed, or of what records have made since, as the guarantee has it or the question. */
import { type AppOptions, number, string } from 'kafka-rx';
import {
  aggregate,
  count,
  hopping,
  type State,
  session,
  sliding,
  suppress,
  tumbling,
  withState,
} from 'kafka-rx/state';
import { testApp } from 'kafka-rx/testing';
import type { Observable } from 'rxjs';
import type { App } from '../../../lib/app/interface.js';
import type { KafkaRecord } from '../../../lib/record/record.js';
import { memoryBackends } from '../../../lib/state/memory-backend.js';
import { held } from '../members.js';

type Guarantee = NonNullable<AppOptions['guarantee']>;

const topic = { key: string, value: string };
const keys = (text: string, timestamp = 0) => [...text].map(key => ({ key, value: 'x', timestamp }));

async function asked(wire: (app: App) => State<string, number>, guarantee: Guarantee = 'at-least-once') {
  let state: State<string, number> | undefined;
  const t = await testApp(
    app => {
      state = wire(app);
    },
    { guarantee },
  );
  const handle = (): State<string, number> => {
    if (state === undefined) throw new Error('the topology was wired');
    return state;
  };
  return { t, state: handle() };
}

function counts(app: App): State<string, number> {
  const state = app.state('counts', { key: string, value: number });
  app
    .topic('in', topic)
    .pipe(count(state))
    .subscribe(app.each(() => {}));
  return state;
}

test.each<[Guarantee, 'committed' | 'latest']>([
  ['at-least-once', 'latest'],
  ['exactly-once', 'committed'],
])('%s: what is answered by default is the %s', async (guarantee, read) => {
  const { t, state } = await asked(counts, guarantee);
  t.pipeIn('in', keys('ab'));
  await t.idle();
  t.pipeIn('in', keys('aac'));
  const committed = [1, 1, undefined];
  const latest = [3, 1, 1];
  const of = (options?: { read: 'committed' | 'latest' }) => [...'abc'].map(key => state.get(key, options));
  expect(of({ read: 'committed' })).toEqual(committed);
  expect(of({ read: 'latest' })).toEqual(latest);
  expect(of()).toEqual(read === 'latest' ? latest : committed);
  expect(state.range('a', 'd', 10, { read: 'committed' })).toEqual([
    ['a', 1],
    ['b', 1],
  ]);
  expect(state.range('b', undefined, 1, { read: 'latest' })).toEqual([['b', 1]]);
  expect(state.range()).toHaveLength(read === 'latest' ? 3 : 2);
  await t.idle();
  expect(of({ read: 'committed' })).toEqual(latest);
  await t.stop();
});

test('what a unit has made that is dropped was never committed', async () => {
  const { t, state } = await asked(counts);
  t.pipeIn('in', keys('a'));
  await t.idle();
  t.broker.faults.refuseCommits(1);
  t.pipeIn('in', keys('aa'));
  const seen = new Set<number | undefined>();
  for (let i = 0; i < 30; i++) {
    seen.add(state.get('a', { read: 'committed' }));
    await t.advance(100);
  }
  expect([...seen]).toEqual([1, 3]);
  await t.stop();
});

test('what is sealed and on its way is not committed yet', async () => {
  const { t, state } = await asked(counts);
  t.pipeIn('in', keys('a'));
  await t.idle();
  t.broker.faults.holdCommit('test', 'in/0/2');
  t.pipeIn('in', keys('a'));
  await t.advance(1_000);
  expect([state.get('a', { read: 'committed' }), state.get('a')]).toEqual([1, 2]);
  t.broker.faults.decideCommit('test', 'in/0/2');
  await t.idle();
  expect(state.get('a', { read: 'committed' })).toBe(2);
  await t.stop();
});

const [now, next] = [
  [0, 10],
  [10, 20],
];
const slid = [
  [0, 10],
  [6, 16],
  [11, 21],
];

test.each([
  ['tumbling', tumbling(10, { graceMs: 100 }), [now, next]],
  ['hopping', hopping(10, { advanceMs: 10, graceMs: 100 }), [now, next]],
  ['sliding', sliding(10, { graceMs: 100 }), slid],
] as const)('windows of a state with %s windows', async (kind, window, latest) => {
  const { t, state } = await asked(app => {
    const state = app.state('counts', { key: string, value: number });
    app
      .topic('in', topic)
      .pipe(count(state, { window }))
      .subscribe(app.each(() => {}));
    return state;
  });
  const shown = (read: 'committed' | 'latest') =>
    state.windows('a', { read }).map(({ start, end }) => [start, end]);
  t.pipeIn('in', keys('a', kind === 'sliding' ? 10 : 1));
  await t.idle();
  t.pipeIn('in', keys('a', 16));
  expect(shown('committed')).toEqual([now]);
  expect(shown('latest')).toEqual(latest);
  const endless = { from: 0, to: Number.POSITIVE_INFINITY };
  expect(state.windows('a', { ...endless, read: 'latest' })).toHaveLength(latest.length);
  await t.stop();
});

test('sessions are those that reach into the time asked for', async () => {
  const { t, state } = await asked(app => {
    const state = app.state('counts', { key: string, value: number });
    app
      .topic('in', topic)
      .pipe(
        aggregate(state, {
          initial: () => 0,
          add: sum => sum + 1,
          merge: (a, b) => a + b,
          window: session(10, { graceMs: 1_000 }),
        }),
      )
      .subscribe(app.each(() => {}));
    return state;
  });
  t.pipeIn('in', [...keys('a', 100), ...keys('a', 108), ...keys('a', 200), ...keys('b', 100)]);
  await t.idle();
  t.pipeIn('in', keys('a', 300));
  const shown = (options?: Parameters<typeof state.sessions>[1]) =>
    state.sessions('a', options).map(({ start, end, value }) => [start, end, value]);
  const [first, second, third] = [
    [100, 108, 2],
    [200, 200, 1],
    [300, 300, 1],
  ];
  expect(shown()).toEqual([first, second, third]);
  expect(shown({ read: 'committed' })).toEqual([first, second]);
  expect(shown({ from: 105, to: 200 })).toEqual([first]);
  expect(shown({ from: 109 })).toEqual([second, third]);
  expect(shown({ to: 201 })).toEqual([first, second]);
  await t.stop();
});

test('what is not restored is not answered', async () => {
  const gate = held();
  let isHeld = false;
  let state: State<string, number> | undefined;
  const t = await testApp(app => {
    state = app.state('counts', {
      key: string,
      value: number,
      backend: {
        async open(task) {
          const backend = await memoryBackends.open(task);
          const restore = backend.restore.bind(backend);
          backend.restore = async (...args) => {
            await restore(...args);
            if (isHeld) await gate.promise;
          };
          return backend;
        },
      },
    });
    app
      .topic('in', topic)
      .pipe(count(state))
      .subscribe(app.each(() => {}));
  });
  t.pipeIn('in', keys('a'));
  await t.idle();
  isHeld = true;
  await t.restart();
  expect(state?.get('a')).toBeUndefined();
  gate.resolve();
  await t.idle();
  expect(state?.get('a')).toBe(1);
  await t.stop();
});

test('a question that cannot be meant is refused', async () => {
  const { t, state } = await asked(counts);
  const wrong = { read: 'newest' } as never;
  for (const ask of [
    () => state.get('a', wrong),
    () => state.range('a', 'b', 1, wrong),
    () => state.range('a', 'b', -1),
    () => state.range('a', 'b', Number.NaN),
  ]) {
    expect(ask).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }));
  }
  await t.stop();
});

const questions = ['get', 'range', 'windows', 'sessions'] as const;
type Clicks = Observable<KafkaRecord<string, string>>;
const kept = { key: string, value: number };
const graceMs = 0;

test.each<
  [
    string,
    readonly string[],
    (clicks$: Clicks, app: App, state: State<string, number>) => Observable<KafkaRecord<unknown, unknown>>,
  ]
>([
  ['by key', ['get', 'range'], (clicks$, _app, state) => clicks$.pipe(count(state))],
  [
    'windows',
    ['windows'],
    (clicks$, _app, state) => clicks$.pipe(count(state, { window: tumbling(10, { graceMs }) })),
  ],
  [
    'sessions',
    ['windows', 'sessions'],
    (clicks$, _app, state) => clicks$.pipe(count(state, { window: session(10, { graceMs }) })),
  ],
  [
    'suppressed',
    [],
    (clicks$, app, state) =>
      clicks$.pipe(count(app.state('counts', kept)), suppress(state, { until: 'timeLimit', limitMs: 1 })),
  ],
])(
  'a question that a state does not answer is refused, not answered as if nothing were kept: %s',
  async (_, answered, of) => {
    const { t, state } = await asked(app => {
      const state = app.state('asked', kept);
      of(app.topic('in', topic), app, state).subscribe(app.each(() => {}));
      return state;
    });
    t.pipeIn('in', keys('a', 1));
    for (const question of questions) {
      if (answered.includes(question)) expect(state[question]('a')).toBeDefined();
      else expect(() => state[question]('a')).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }));
    }
    if (answered.length > 0)
      expect(() => state.windows('a') && state.get('a')).toThrow(`answers ${answered.join(' and ')} alone`);
    await t.stop();
  },
);

test.each([0, -1, 1.5, Number.NaN, '5'])(
  'a range of at most %p answers is refused, and not answered by none',
  async wrong => {
    const limit = wrong as number;
    const { t, state } = await asked(app => {
      const asking = app.state('asking', { key: string, value: number });
      app
        .topic('in', topic)
        .pipe(withState(asking, (_record, own) => own.range(undefined, undefined, limit).length))
        .subscribe(app.each(() => {}));
      return asking;
    });
    const refused = expect.objectContaining({
      code: 'CONFIGURATION',
      message: expect.stringContaining('the limit must be a whole number from 1 up'),
    });
    expect(() => state.range('a', 'b', limit)).toThrow(refused);
    expect(() => t.pipeIn('in', keys('a'))).toThrow(refused);
  },
);
