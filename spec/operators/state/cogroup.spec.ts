/** Several streams into one state, each by its function, counted once over restarts and dropped units. */
import { string } from 'kafka-rx';
import {
  cogroup,
  type Own,
  type State,
  session,
  sliding,
  tumbling,
  type Windowed,
  withState,
} from 'kafka-rx/state';
import { type TestApp, type TestAppOptions, testApp } from 'kafka-rx/testing';
import { filter, of } from 'rxjs';
import type { App } from '../../../lib/app/interface.js';
import type { Codec } from '../../../lib/codecs/codec.js';
import { nullable } from '../../../lib/codecs/nullable.js';

/** Such as `a@10`, or the key alone. */
const printed: Codec<Windowed<string> | string> = {
  name: 'printed',
  decode: () => {
    throw new Error('only written');
  },
  encode: key => Buffer.from(typeof key === 'string' ? key : `${key.key}@${key.start}`),
};

const initial = (): string => '0';
const sides = [
  ['orders', (sum: string, value: string) => `${sum}+${value}`],
  ['visits', (sum: string, value: string) => (value === '!' ? null : `${sum}*${value}`)],
] as const;

const texts = (app: App): State<string, string> => app.state('texts', { key: string, value: string });
const topics = (app: App) =>
  sides.map(([topic, add]) => [app.topic(topic, { key: string, value: string }), add] as const);

function plain(app: App): void {
  cogroup(texts(app), topics(app), { initial }).subscribe(
    app.to('out', { key: printed, value: nullable(string) }),
  );
}

const read = (t: TestApp) =>
  t.read('out', { key: string, value: nullable(string) }).map(({ key, value }) => `${key} ${value}`);

async function piped(
  t: TestApp,
  ...all: (readonly [topic: string, key: string, value: string, timestamp?: number])[]
) {
  for (const [topic, key, value, timestamp] of all) {
    t.pipeIn(topic, [{ key, value, timestamp }]);
    await t.idle();
  }
}

test('each stream adds by its own function, to what the other has left, over a restart', async () => {
  const t = await testApp(plain);
  await piped(t, ['orders', 'a', '1'], ['visits', 'a', '2'], ['visits', 'b', '3']);
  await t.restart();
  await piped(t, ['orders', 'a', '4'], ['visits', 'a', '!'], ['orders', 'a', '5']);
  expect(read(t)).toEqual(['a 0+1', 'a 0+1*2', 'b 0*3', 'a 0+1*2+4', 'a null', 'a 0+5']);
  await t.stop();
});

test.each<NonNullable<TestAppOptions['guarantee']>>(['at-least-once', 'exactly-once'])(
  '%s: a unit that is dropped adds nothing twice',
  async guarantee => {
    const t = await testApp(plain, { guarantee, commit: { intervalMs: 100 } });
    await piped(t, ['orders', 'a', '1']);
    t.broker.faults.refuseCommits(1);
    t.pipeIn('orders', [{ key: 'a', value: '2', timestamp: 1 }]);
    t.pipeIn('visits', [{ key: 'a', value: '3', timestamp: 2 }]);
    for (let i = 0; i < 20; i++) await t.advance(100);
    await piped(t, ['visits', 'a', '4']);
    expect(read(t).at(-1)).toBe('a 0+1+2*3*4');
    await t.stop();
  },
);

test('in windows, whose final results come once, by the time of all streams', async () => {
  const t = await testApp(app => {
    const window = tumbling(10, { graceMs: 0 });
    cogroup(texts(app), topics(app), {
      initial,
      window,
      emit: 'final',
      result: sum => sum.toUpperCase(),
    }).subscribe(app.to('out', { key: printed, value: nullable(string) }));
  });
  await piped(t, ['orders', 'a', 'l', 1], ['visits', 'a', 'r', 2]);
  await t.restart();
  await piped(t, ['orders', 'a', 'm', 100], ['visits', 'a', 's', 3], ['visits', 'a', 't', 200]);
  expect(read(t)).toEqual(['a@0 0+L*R', 'a@100 0+M']);
  await t.stop();
});

test('in sessions, which are merged', async () => {
  const t = await testApp(app => {
    const window = session(5, { graceMs: 10 });
    cogroup(texts(app), topics(app), { initial, window, merge: (a, b) => `${a}&${b}` }).subscribe(
      app.to('out', { key: printed, value: nullable(string) }),
    );
  });
  await piped(t, ['orders', 'a', 'l', 1], ['visits', 'a', 'r', 10], ['orders', 'a', 'm', 6]);
  expect(read(t)).toEqual(['a@1 0+l', 'a@10 0*r', 'a@1 null', 'a@10 null', 'a@1 0&0+l&0*r+m']);
  await t.stop();
});

test('describe() shows all streams above it, and each state has one writer', async () => {
  const t = await testApp(plain);
  const { edges, nodes } = t.app.describe();
  const node = nodes.find(({ name }) => name === 'cogroup(texts)');
  expect(edges.filter(({ to }) => to === node?.id)).toHaveLength(2);
  await t.stop();
});

const window = sliding(1, { graceMs: 0 });
test.each<readonly [string, (app: App) => unknown, string]>([
  ['no stream', app => cogroup(texts(app), [], { initial }), 'CONFIGURATION'],
  [
    'a stream without its function',
    app => cogroup(texts(app), [[of()]] as never, { initial }),
    'CONFIGURATION',
  ],
  ['sliding windows', app => cogroup(texts(app), topics(app), { initial, window } as never), 'CONFIGURATION'],
  [
    'sessions without merge',
    app => cogroup(texts(app), topics(app), { initial, window: session(1, { graceMs: 0 }) }),
    'CONFIGURATION',
  ],
  ['a stream of no app', app => cogroup(texts(app), [[of(), () => 'x']], { initial }), 'TOPOLOGY'],
  [
    'two writers of one state',
    app => {
      const state = texts(app);
      cogroup(state, topics(app), { initial });
      cogroup(state, topics(app), { initial });
    },
    'TOPOLOGY',
  ],
])('%s is refused', async (_, wire, code) => {
  await expect(testApp(app => void wire(app))).rejects.toMatchObject({ code });
});

test('what comes while windows are being closed waits, and is added by the function of its own stream', async () => {
  const t = await testApp(app => {
    const parts$ = app.topic('in', { key: string, value: string }).pipe(
      withState(
        app.state('parts', { key: string, value: string }),
        (record, own: Own<string, string, string>) => {
          for (const [i, part] of [...record.value].entries()) {
            own.emit(part, { key: record.key === 'each' ? `${i}` : record.key });
          }
        },
      ),
    );
    const [[, plus], [, times]] = sides;
    cogroup(
      texts(app),
      [
        [parts$.pipe(filter(({ value }) => value === '+')), plus],
        [parts$.pipe(filter(({ value }) => value === '*')), times],
      ],
      { initial, window: tumbling(10, { graceMs: 0 }), emit: 'final' },
    ).subscribe(app.to('out', { key: printed, value: nullable(string) }));
  });
  await piped(t, ['in', 'each', '+'.repeat(250), 1], ['in', 'a', '+**+*', 100], ['in', 'b', '+', 200]);
  const closed = read(t);
  expect(closed).toHaveLength(251);
  expect(closed.at(-1)).toBe('a@100 0++****++**');
  await t.stop();
});
