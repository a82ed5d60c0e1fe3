import fc from 'fast-check';
import { KafkaRxError, memoryStore, retry, string } from 'kafka-rx';
import { batch, mapAsync } from 'kafka-rx/operators';
import { type TestApp, testApp } from 'kafka-rx/testing';
import { mergeMap, share, timer } from 'rxjs';

const value = string;
const partitions = 3;

/** What a random run is made of; times in virtual milliseconds. */
type Step =
  | { readonly do: 'publish'; readonly partition: number; readonly count: number }
  | { readonly do: 'abort'; readonly partition: number }
  | { readonly do: 'delay acknowledgements'; readonly ms: number }
  | { readonly do: 'fail sends'; readonly times: number; readonly topic: 'plain' | 'slow' }
  | { readonly do: 'fail writes'; readonly times: number }
  | { readonly do: 'refuse commits'; readonly times: number }
  | { readonly do: 'rebalance' }
  | { readonly do: 'lose' }
  | { readonly do: 'pass'; readonly ms: number };

const partition = fc.nat({ max: partitions - 1 });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('publish' as const),
        partition,
        count: fc.integer({ min: 1, max: 6 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('abort' as const), partition }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('delay acknowledgements' as const), ms: fc.nat({ max: 80 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('fail sends' as const),
        times: fc.integer({ min: 1, max: 3 }),
        topic: fc.constantFrom('plain' as const, 'slow' as const),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('fail writes' as const),
        times: fc.integer({ min: 1, max: 2 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('refuse commits' as const),
        times: fc.integer({ min: 1, max: 2 }),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ do: 'rebalance' as const }) },
    { weight: 1, arbitrary: fc.constant({ do: 'lose' as const }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat({ max: 150 }) }) },
  ),
  { minLength: 5, maxLength: 25 },
);

/** A branch at once, one whose every record takes a while of its own, one that gathers, and a store. */
async function start() {
  const store = memoryStore<string>('history');
  const confirmed = new Set<string>();
  const t: TestApp = await testApp(
    app => {
      const source = app.topic('in', { value }).pipe(share());
      source.subscribe(app.to('plain', { value }));
      source
        .pipe(
          mapAsync(text => pause(t, (text.length * 37 + Number(text.at(-1)) * 13) % 70).then(() => text), {
            order: 'none',
          }),
        )
        .subscribe(app.to('slow', { value }));
      source
        .pipe(batch(records => records.map(record => record.value).join(), { maxRecords: 4, maxWaitMs: 60 }))
        .subscribe(
          app.each(async record => {
            await pause(t, 20);
            for (const name of record.value.split(',')) confirmed.add(name);
          }),
        );
      source.subscribe(app.store(store));
    },
    {
      partitions,
      commit: { every: 2, intervalMs: 15 },
      policies: { store: retry({ attempts: 10, initialDelayMs: 30, maxDelayMs: 30 }) },
    },
  );
  return { t, store, confirmed };
}

const pause = (t: TestApp, ms: number): Promise<void> =>
  new Promise(resolve => t.clock.schedule(resolve, ms));

describe('the committed offset', () => {
  test('never passes a record that one of its branches has not made durable, whatever goes wrong and in whatever order', async () => {
    let committedAtAll = 0;
    await fc.assert(
      fc.asyncProperty(steps, async script => {
        const { t, store, confirmed } = await start();
        const published: string[][] = Array.from({ length: partitions }, () => []);
        let count = 0;

        const check = (): void => {
          const everywhere = [
            new Set(t.broker.records('plain').map(record => String(record.value))),
            new Set(t.broker.records('slow').map(record => String(record.value))),
            new Set(store.documents().map(document => document.value)),
            confirmed,
          ];
          t.committed('in').forEach((offset, at) => {
            committedAtAll += Math.max(0, offset);
            for (const [i, name] of (published[at] ?? []).entries()) {
              if (i >= offset || name === undefined) continue;
              const missing = everywhere.findIndex(names => !names.has(name));
              if (missing >= 0)
                throw new Error(`${at}/${i} is committed (${offset}), but branch ${missing} lacks it`);
            }
          });
        };
        const pass = async (ms: number, stepMs = 5): Promise<void> => {
          for (let left = ms; left > 0; left -= stepMs) {
            await t.advance(Math.min(stepMs, left));
            await breathe();
            check();
          }
        };
        const note = (at: number, offset: number, name: string): void => {
          const names = published[at] ?? [];
          names[offset] = name;
        };

        for (const step of script) {
          switch (step.do) {
            case 'publish':
              for (let i = 0; i < step.count; i++) {
                const name = `r${count++}`;
                for (const { offset } of t.broker.publish('in', [
                  { value: name, partition: step.partition },
                ])) {
                  note(step.partition, offset, name);
                }
              }
              break;
            case 'abort': {
              const transaction = t.broker.transaction();
              transaction.publish('in', [{ value: 'aborted', partition: step.partition }]);
              transaction.abort();
              break;
            }
            case 'delay acknowledgements':
              t.broker.faults.delayAcknowledgements(step.ms);
              break;
            case 'fail sends':
              t.broker.faults.failProduce(
                step.times,
                new KafkaRxError('DRIVER', 'busy', { retriable: true }),
                { topic: step.topic },
              );
              break;
            case 'fail writes':
              store.failWrites(step.times);
              break;
            case 'refuse commits':
              t.broker.faults.refuseCommits(step.times);
              break;
            case 'rebalance':
              t.broker.faults.rebalance('test');
              break;
            case 'lose': {
              const [member] = t.broker.members('test');
              if (member !== undefined) t.broker.faults.losePartitions(member.memberId);
              break;
            }
            case 'pass':
              await pass(step.ms);
          }
          t.clock.flush();
          await breathe();
          check();
        }
        t.broker.faults.delayAcknowledgements(0);
        await pass(1_000);
        // The rest is waiting.
        await pass(19_000, 100);
        expect(t.committed('in').map(offset => Math.max(0, offset))).toEqual(t.broker.endOffsets('in'));
        await t.stop();
      }),
      { numRuns: 60 },
    );
    expect(committedAtAll).toBeGreaterThan(0);
  }, 60_000);

  test('waits for what a plain synchronous mergeMap makes of a record, too', async () => {
    const t = await testApp(
      app =>
        app
          .topic('in', { value })
          .pipe(
            mergeMap(record => [record.withValue(`${record.value}1`), record.withValue(`${record.value}2`)]),
          )
          .subscribe(app.to('out', { value })),
      { commit: { every: 1 } },
    );
    t.broker.faults.delayAcknowledgements(10);
    t.pipeIn('in', [{ value: 'a' }]);
    await t.idle();
    expect(t.committed('in')).toEqual([-1]);
    await t.advance(10);
    await t.idle();
    expect(t.committed('in')).toEqual([1]);
    expect(t.read('out', { value }).map(record => record.value)).toEqual(['a1', 'a2']);
  });

  test('a record that an operator of plain rxjs held back fails the app rather than being committed unseen', async () => {
    const t = await testApp(app =>
      app
        .topic('in', { value })
        .pipe(mergeMap(record => timer(0).pipe(mergeMap(() => [record]))))
        .subscribe(app.to('out', { value })),
    );
    t.pipeIn('in', [{ value: 'a' }]);
    await new Promise(resolve => setTimeout(resolve, 20));
    await expect(t.stop()).rejects.toMatchObject({ code: 'OUTSIDE_DISPATCH_WINDOW', at: { offset: 0 } });
  });
});

/** Lets promise chains run; a chain of the app's is a few turns deep. */
async function breathe(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise(resolve => setImmediate(resolve));
}
