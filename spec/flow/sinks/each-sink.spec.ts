import { type EachSinkOptions, type KafkaRecord, retry, string } from 'kafka-rx';
import { type TestAppOptions, testApp } from 'kafka-rx/testing';
import { held, Members } from '../../app/members.js';
import { Partitions } from '../../operators/partitions.js';

const value = string;
type Call = (
  record: KafkaRecord<Buffer | null, string>,
  context: { readonly signal: AbortSignal },
) => unknown;

const start = (call: Call, options: EachSinkOptions = {}, appOptions: TestAppOptions = {}) =>
  testApp(app => app.topic('in', { value }).subscribe(app.each(call, options)), {
    commit: { every: 1 },
    ...appOptions,
  });
const records = (...values: string[]) => values.map(text => ({ value: text }));

describe('app.each', () => {
  test('of a synchronous function is done when it returns', async () => {
    const seen: string[] = [];
    const t = await start(record => seen.push(record.value));
    t.pipeIn('in', records('a', 'b'));
    expect(seen).toEqual(['a', 'b']);
    await t.idle();
    expect(t.committed('in')).toEqual([2]);
  });

  test('awaits the promise that the function returns before the offset is committed', async () => {
    const work = held<string>();
    const t = await start(() => work.promise);
    t.pipeIn('in', records('a'));
    await t.idle();
    expect(t.committed('in')).toEqual([-1]);
    work.resolve('whatever');
    await t.idle();
    expect(t.committed('in')).toEqual([1]);
  });

  test('hands over one partition’s records one at a time and in order, other partitions’ meanwhile', async () => {
    const works = new Map<string, ReturnType<typeof held<void>>>();
    const t = await start(
      record => {
        const work = held();
        works.set(record.value, work);
        return work.promise;
      },
      {},
      { partitions: 2 },
    );
    t.pipeIn('in', [
      { value: 'a0', partition: 0 },
      { value: 'a1', partition: 0 },
      { value: 'b0', partition: 1 },
      { value: 'b1', partition: 1 },
    ]);
    expect([...works.keys()]).toEqual(['a0', 'b0']);
    works.get('b0')?.resolve();
    await t.idle();
    expect([...works.keys()]).toEqual(['a0', 'b0', 'b1']);
    works.get('a0')?.resolve();
    works.get('b1')?.resolve();
    await t.idle();
    expect([...works.keys()]).toEqual(['a0', 'b0', 'b1', 'a1']);
    expect(t.committed('in')).toEqual([1, 2]);
  });

  test('has at most `concurrency` calls under way', async () => {
    let under = 0;
    let most = 0;
    const t = await start(
      async () => {
        most = Math.max(most, ++under);
        await new Promise<void>(resolve => t.clock.schedule(resolve, 10));
        under--;
      },
      { concurrency: 3 },
      { partitions: 8 },
    );
    t.pipeIn(
      'in',
      Array.from({ length: 40 }, (_, i) => ({ value: String(i), partition: i % 8 })),
    );
    for (let i = 0; i < 30; i++) {
      await t.advance(10);
      await t.idle();
    }
    expect(most).toBe(3);
    expect(t.committed('in')).toEqual(Array(8).fill(5));
  });

  test('aborts the signal when the partition goes, not before', async () => {
    const signals: AbortSignal[] = [];
    const members = new Members({ in: 1 });
    members.start(app =>
      app.topic('in', { value }).subscribe(
        app.each((_, { signal }) => {
          signals.push(signal);
          return new Promise(() => {});
        }),
      ),
    );
    members.publish('in', 'a');
    await members.settle();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    members.broker.faults.losePartitions(members.memberIds()[0] ?? '');
    await members.settle();
    expect(signals[0]?.aborted).toBe(true);
  });

  test('tries again with backoff in virtual time, in place, so that order holds', async () => {
    const seen: string[] = [];
    let failures = 2;
    const t = await start(
      async record => {
        seen.push(record.value);
        if (record.value === 'a' && failures-- > 0) throw new Error('busy');
      },
      { onError: retry({ attempts: 3, initialDelayMs: 100 }) },
    );
    t.pipeIn('in', records('a', 'b'));
    const at = async (ms: number): Promise<string> => {
      await t.advance(ms);
      await t.idle();
      return seen.join('');
    };
    expect([await at(0), await at(99), await at(1), await at(199), await at(1)]).toEqual([
      'a',
      'a',
      'aa',
      'aa',
      'aaab',
    ]);
    expect(t.committed('in')).toEqual([2]);
  });

  test.each([
    ['throws', (): never => raise()],
    ['rejects', async () => raise()],
  ])('a function that %s: the policy decides; skip goes on', async (_how, call) => {
    const t = await start(record => (record.value === 'bad' ? call() : undefined), { onError: 'skip' });
    t.pipeIn('in', records('a', 'bad', 'c'));
    await t.idle();
    expect(t.committed('in')).toEqual([3]);
    const failing = await start(record => (record.value === 'bad' ? call() : undefined));
    try {
      failing.pipeIn('in', records('a', 'bad', 'c'));
    } catch {
      // Told again by stop().
    }
    await failing.idle();
    await expect(failing.stop()).rejects.toMatchObject({ code: 'PROCESS', at: { offset: 1 } });
    expect(failing.committed('in')).toEqual([1]);
  });
});

function raise(): never {
  throw new Error('bad record');
}

test('a partition at a barrier is served before others that wait', async () => {
  const begun: string[] = [];
  const works = new Map<string, ReturnType<typeof held<void>>>();
  const partitions = new Partitions();
  const t = await testApp(
    app => {
      const sink = app.each(
        (record: KafkaRecord<Buffer | null, string>) => {
          begun.push(record.value);
          const work = held();
          works.set(record.value, work);
          return work.promise;
        },
        { concurrency: 1 },
      );
      app.topic('in', { value }).pipe(partitions.seen()).subscribe(sink);
    },
    { partitions: 3 },
  );
  const waiting = ['a0', 'b0', 'b1', 'c0', 'c1'];
  t.pipeIn(
    'in',
    waiting.map(text => ({ value: text, partition: 'abc'.indexOf(text.charAt(0)) })),
  );
  partitions.barrier(2);
  for (let ended = 0; ended < waiting.length; ended++) {
    works.get(begun[ended] ?? '')?.resolve();
    await t.idle();
  }
  expect(begun).toEqual(['a0', 'c0', 'c1', 'b0', 'b1']);
});
