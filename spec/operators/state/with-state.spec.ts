/** `withState`: functions with the state of their key, and timers in both kinds of time. */
import { number, string } from 'kafka-rx';
import { type TestApp, type TestAppOptions, testApp } from 'kafka-rx/testing';
import { Subscription } from 'rxjs';
import type { App } from '../../../lib/app/interface.js';
import type { KafkaRecord } from '../../../lib/record/record.js';
import type { Own } from '../../../lib/state/own.js';
import { type WithStateOptions, withState } from '../../../operators/state/withState.js';
import { casesOf } from '../../goldens/cases.js';
import { replayAll } from '../../goldens/replay-all.js';

type Call = (
  record: KafkaRecord<string, string>,
  own: Own<string, number, string>,
  // biome-ignore lint/suspicious/noConfusingVoidType: as withState takes it
) => string | undefined | void;

const text = { key: string, value: string };
const startAt = Date.UTC(2024, 0, 1);

function made(call: Call, options?: WithStateOptions<string, number, string>) {
  return (app: App): void => {
    app
      .topic('in', text)
      .pipe(withState(app.state('kept', { key: string, value: number }), call, options))
      .subscribe(app.to('out', text));
  };
}

const run = (call: Call, options?: WithStateOptions<string, number, string>, of: TestAppOptions = {}) =>
  testApp(made(call, options), of);

const read = (t: TestApp) =>
  t.read('out', text).map(({ key, value, timestamp }) => `${key} ${value} ${timestamp}`);

/** Such as `a1@5 b2@7`: key, value, timestamp. */
const records = (line: string) =>
  line.split(' ').map(one => {
    const [, key, value = '', timestamp] = /^(\w)(\w*)@(\d+)$/.exec(one) ?? [];
    return { key, value, timestamp: Number(timestamp) };
  });

test('a record may emit none, one or many, and what is returned comes last', async () => {
  const t = await run((record, own) => {
    if (record.value === 'none') return undefined;
    own.emit('first');
    own.emit('other', { key: 'z', timestamp: 1 });
    return 'last';
  });
  t.pipeIn('in', records('anone@5 bx@7'));
  await t.idle();
  expect(read(t)).toEqual(['b first 7', 'z other 1', 'b last 7']);
  await t.stop();
});

test('has the value of its key, of others and of all of the task, over a restart', async () => {
  const sum: Call = (record, own) => {
    own.set((own.get() ?? 0) + 1);
    own.of('all').set((own.of('all').get() ?? 0) + 1);
    if (record.value === 'drop') own.delete();
    return JSON.stringify(own.range());
  };
  const t = await run(sum);
  t.pipeIn('in', records('ax@1 bx@2 ax@3'));
  await t.restart();
  t.pipeIn('in', records('adrop@4'));
  await t.idle();
  expect(read(t).map(line => line.split(' ')[1])).toEqual([
    '[["a",1],["all",1]]',
    '[["a",1],["all",2],["b",1]]',
    '[["a",2],["all",3],["b",1]]',
    '[["all",4],["b",1]]',
  ]);
  await t.stop();
});

test('a function that throws has changed nothing and emitted nothing', async () => {
  const t = await run(
    (record, own) => {
      const before = own.get() ?? 0;
      own.set(before + 1);
      own.set(before + 2);
      own.of('z').set(9);
      own.timers.set(1);
      own.emit('early');
      if (record.value === 'bad') throw new Error('bad');
      return `${before}`;
    },
    { onError: 'skip', onTimer: (_key, _due, name) => `timer ${name}` },
  );
  t.pipeIn('in', records('abad@0 ax@0 abad@0 ax@0'));
  await t.idle();
  expect(read(t)).toEqual(['a early 0', 'a 0 0', 'a early 0', 'a 2 0']);
  expect(t.app.state).toBeDefined();
  await t.stop();
});

test('a function whose timer is refused has changed nothing: no row, and no timer that it set or cancelled before', async () => {
  const t = await run(
    (record, own) => {
      const before = own.get() ?? 0;
      own.set(before + 1);
      if (record.value === 'bad') {
        own.timers.cancel('kept');
        own.timers.set(12, 'moved');
        own.timers.set(11, 'early', { time: 'wall' });
        own.timers.set(13, 'n'.repeat(3_000));
      } else if (record.value === 'x') for (const name of ['kept', 'moved']) own.timers.set(14, name);
      return `${before}`;
    },
    { onError: 'skip', onTimer: (_key, due, name) => `${name}@${due}` },
    { producer: { maxRecordBytes: 2_000 }, guarantee: 'exactly-once', commit: { intervalMs: 100 } },
  );
  // The first of them is refused as the unit is sealed; from there on each is as it is put.
  t.pipeIn('in', records('ax@0 abad@0 ay@0'));
  await t.advance(1_000);
  t.pipeIn('in', records('abad@0 ay@0 z@20'));
  await t.advance(1_000);
  expect(read(t).filter(line => line.startsWith('a '))).toEqual([
    'a 0 0',
    'a 1 0',
    'a 2 0',
    'a kept@14 14',
    'a moved@14 14',
  ]);
  await t.stop();
});

test('stream-time timers fire behind the record that brings their time, by due, key and name, once, and over a restart', async () => {
  const t = await run(
    (record, own) => {
      for (const name of record.value) own.timers.set(record.timestamp + 10, name);
      return undefined;
    },
    { onTimer: (_key, due, name, own) => `${name}@${due}<${own.streamTime}` },
  );
  t.pipeIn('in', records('bnm@5 an@5 cx@3 d@14'));
  await t.idle();
  expect(read(t)).toEqual(['c x@13<14 13']);
  await t.restart();
  t.pipeIn('in', records('d@15'));
  await t.idle();
  expect(read(t)).toEqual(['a n@15<15 15', 'b m@15<15 15', 'b n@15<15 15']);
  await t.restart();
  t.pipeIn('in', records('d@99'));
  await t.idle();
  expect(read(t)).toEqual([]);
  await t.stop();
});

test('a timer that is cancelled or moved does not fire at its former time', async () => {
  const t = await run(
    (record, own) => {
      if (record.value === 'set') own.timers.set(10);
      if (record.value === 'move') own.timers.set(20);
      if (record.value === 'wall') own.timers.set(startAt + 5, '', { time: 'wall' });
      if (record.value === 'end') own.timers.cancel();
    },
    { onTimer: (_key, due) => String(due) },
  );
  t.pipeIn('in', records('aset@0 bset@0 cset@0 dset@0 amove@1 bend@2 cwall@2 z@30'));
  await t.idle();
  expect(read(t)).toEqual(['d 10 10', 'a 20 20']);
  await t.advance(10);
  await t.idle();
  expect(read(t)).toEqual([`c ${startAt + 5} ${startAt + 5}`]);
  await t.stop();
});

const reminding: Call = (record, own) => {
  own.set(record.timestamp);
  own.timers.set(startAt + 10_000, record.value, { time: 'wall' });
  return undefined;
};
const reminder = {
  onTimer: (_key: string, due: number, name: string, own: Own<string, number, string>) => {
    own.delete();
    return `${name} ${own.get()} ${due - startAt}`;
  },
};

test.each(['at-least-once', 'exactly-once'] as const)(
  '%s: wall timers fire by the app clock, without a record, and are committed with what they emit',
  async guarantee => {
    const t = await run(reminding, reminder, { guarantee, commit: { intervalMs: 100 } });
    t.pipeIn('in', records('bn@5 am@5'));
    await t.advance(9_900);
    expect(read(t)).toEqual([]);
    await t.advance(400);
    expect(read(t).map(line => line.slice(0, -14))).toEqual(['a m undefined 10000', 'b n undefined 10000']);
    expect(t.committed('in')).toEqual([2]);
    await t.restart();
    await t.advance(20_000);
    expect(read(t)).toEqual([]);
    await t.stop();
  },
);

test('a wall timer is set by the app clock that own has, which a test moves and no restart forgets', async () => {
  const paid: Call = (record, own) => {
    if (record.value === 'paid') return own.timers.cancel();
    own.timers.set(own.now + 600_000, '', { time: 'wall' });
  };
  const t = await run(paid, {
    onTimer: (_key, due, _name, own) => `${due - startAt} at ${own.now - startAt}`,
  });
  await t.advance(60_000);
  t.pipeIn('in', records('aordered@5 bordered@5 bpaid@6'));
  await t.advance(300_000);
  await t.crash();
  await t.restart();
  await t.advance(299_999);
  expect(read(t)).toEqual([]);
  await t.advance(1);
  expect(read(t)).toEqual([`a 660000 at 660000 ${startAt + 660_000}`]);
  await t.stop();
});

test('wall timers that follow each other leave nothing behind that waits for the end', async () => {
  const listens = jest.spyOn(AbortSignal.prototype, 'addEventListener');
  const teardowns = jest.spyOn(Subscription.prototype, 'add');
  const again = (due: number, own: Own<string, number, string>) =>
    own.timers.set(due + 100, '', { time: 'wall' });
  const t = await run((_record, own) => again(startAt, own), {
    onTimer: (_key, due, _name, own) => again(due, own),
  });
  t.pipeIn('in', records('a@5'));
  await t.advance(1_000);
  const counts = () => [listens, teardowns].map(({ mock }) => mock.calls.length);
  const before = counts();
  await t.advance(5_000);
  const [more = 0, teardown = 0] = counts().map((count, at) => count - (before[at] ?? 0));
  // Fifty alarms and the units of five seconds.
  expect(more).toBeLessThan(25);
  expect(teardown).toBeLessThan(25);
  await t.stop();
  listens.mockRestore();
  teardowns.mockRestore();
});

test('a unit of a wall timer that is dropped comes again, once', async () => {
  const t = await run(reminding, reminder, { guarantee: 'exactly-once', commit: { intervalMs: 100 } });
  t.pipeIn('in', records('bn@5'));
  await t.advance(9_900);
  t.broker.faults.refuseCommits(1);
  await t.advance(5_000);
  expect(read(t)).toHaveLength(1);
  await t.advance(20_000);
  expect(read(t)).toEqual([]);
  expect(t.app.health().state).toBe('running');
  await t.stop();
});

test('after a start wall timers wait until the task has caught up, and fire on an input without a record', async () => {
  const t = await run(
    (record, own) => {
      if (record.value === 'paid') own.timers.cancel('unpaid');
      else own.timers.set(startAt + 10_000, 'unpaid', { time: 'wall' });
    },
    { onTimer: (_key, _due, name) => name },
  );
  t.pipeIn('in', records('a@1 b@1'));
  await t.idle();
  await t.stop();
  // Meanwhile one was paid, and the time has passed.
  t.broker.publish('in', [{ key: Buffer.from('a'), value: Buffer.from('paid'), timestamp: 2 }]);
  await t.clock.advanceAsync(60_000);
  await t.restart();
  await t.idle();
  expect(read(t)).toEqual([`b unpaid ${startAt + 10_000}`]);
  await t.restart();
  await t.advance(1_000);
  expect(read(t)).toEqual([]);
  await t.stop();
});

test.each<[string, Call, string]>([
  ['no onTimer', (_record, own) => own.timers.set(1), 'nobody hears it'],
  ['a time that is none', (_record, own) => own.timers.set(0.5), 'cannot be set'],
])('a timer is refused: %s', async (of, call, message) => {
  const t = await run(call, of === 'no onTimer' ? {} : { onTimer: () => {} });
  expect(() => t.pipeIn('in', records('a@1'))).toThrow(message);
  await t.stop().catch(() => {});
});

test('what the function was given is of no use later', async () => {
  let kept: Own<string, number, string> | undefined;
  const t = await run((_record, own) => {
    kept = own;
  });
  t.pipeIn('in', records('a@1'));
  expect(() => kept?.emit('late')).toThrow(expect.objectContaining({ code: 'PROCESS' }));
  await t.stop();
});

test.each([false, true])(
  'punctuations agree with Kafka Streams; with a restart: %s',
  async restart => {
    const { ops } = await replayAll(casesOf(/punctuate-.*/), { backend: 'memory', restart });
    expect(ops).toMatchObject([
      { op: 'punctuate-stream-time', agreed: 30 },
      { op: 'punctuate-wall-clock', agreed: 28, byDesign: 2 },
    ]);
  },
  120_000,
);

test('timers that set each other for the same time fail the app by name, and do not hold it for ever', async () => {
  const t = await run((_record, own) => own.timers.set(5, 'ping'), {
    onTimer: (_key, due, name, own) => own.timers.set(due, name === 'ping' ? 'pong' : 'ping'),
  });
  expect(() => t.pipeIn('in', records('ax@5'))).toThrow(
    expect.objectContaining({
      code: 'PROCESS',
      message: expect.stringContaining('10000 timers that had each set the next'),
    }),
  );
});
