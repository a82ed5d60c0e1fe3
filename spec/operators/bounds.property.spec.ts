import fc from 'fast-check';
import { Observable } from 'rxjs';
import { number } from '../../lib/codecs/number.js';
import { string } from '../../lib/codecs/string.js';
import type { KafkaRecord } from '../../lib/record/record.js';
import { testApp, type VirtualClock } from '../../lib/testing/index.js';
import { batch } from '../../operators/batch.js';
import { mapAsync } from '../../operators/mapAsync.js';
import { mapValue } from '../../operators/mapValue.js';

type Stream<V> = Observable<KafkaRecord<Buffer | null, V>>;

/** How `batch` and `mapAsync` stand between source and sinks; a value goes on as text, several joined by commas. */
const shapes = {
  'mapAsync, batch': [['async', 'batch']],
  'batch, mapAsync': [['batch', 'async']],
  'batch, mapAsync, batch': [['batch', 'async', 'batch']],
  'mapAsync, mapAsync, batch': [['async', 'async', 'batch']],
  'side by side': [['batch'], ['async'], ['async', 'batch']],
} as const;

const setups = fc.record({
  shape: fc.constantFrom<(keyof typeof shapes)[]>(
    'mapAsync, batch',
    'batch, mapAsync',
    'batch, mapAsync, batch',
    'mapAsync, mapAsync, batch',
    'side by side',
  ),
  records: fc.integer({ min: 1, max: 40 }),
  partitions: fc.integer({ min: 1, max: 3 }),
  maxUnsettled: fc.integer({ min: 1, max: 50 }),
  maxSpan: fc.integer({ min: 1, max: 50 }),
  maxRecords: fc.integer({ min: 1, max: 60 }),
  // An hour stands for never: only the source can get such a batch to move.
  maxWaitMs: fc.constantFrom(0, 7, 3_600_000),
  concurrency: fc.integer({ min: 1, max: 12 }),
  order: fc.constantFrom('key', 'partition', 'none' as const),
  callMs: fc.array(fc.integer({ min: 0, max: 1500 }), { minLength: 1, maxLength: 5 }),
});

test('with any bounds of source and operators, above or below each other, all records come out and are committed', async () => {
  await fc.assert(
    fc.asyncProperty(setups, async setup => {
      const { shape, records, partitions, maxUnsettled, maxSpan, callMs } = setup;
      const chains = shapes[shape];
      let clock: VirtualClock | undefined;
      let calls = 0;
      const call = (text: string) =>
        new Observable<string>(subscriber => {
          const timer = clock?.schedule(
            () => {
              subscriber.next(text);
              subscriber.complete();
            },
            callMs[calls++ % callMs.length] ?? 0,
          );
          return () => timer?.cancel();
        });
      const join = (gathered: readonly KafkaRecord<Buffer | null, string>[]) =>
        gathered.map(({ value }) => value).join(',');

      const t = await testApp(
        app => {
          const source: Stream<string> = app.topic('in', { value: number }).pipe(mapValue(String));
          for (const [index, chain] of chains.entries()) {
            let stream = source;
            const { maxRecords, maxWaitMs, concurrency, order } = setup;
            for (const step of chain)
              stream = stream.pipe(
                step === 'batch'
                  ? batch(join, { maxRecords, maxWaitMs })
                  : mapAsync(call, { concurrency, order }),
              );
            stream.subscribe(app.to(`out${index}`, { value: string }));
          }
        },
        { partitions, bounds: { maxUnsettled, maxSpan } },
      );
      clock = t.clock;
      const values = Array.from({ length: records }, (_, n) => n);
      t.pipeIn(
        'in',
        values.map(n => ({ key: `k${n % 4}`, value: `${n}`, partition: n % partitions })),
      );

      const left = () =>
        t.broker.endOffsets('in').filter((end, partition) => end > 0 && t.committed('in')[partition] !== end);
      // Every record alone in every step of the longest chain would take less.
      for (let seconds = 0; left().length > 0 && seconds < records * 3 * 3 + 10; seconds++) {
        await t.advance(1000);
        await t.idle();
      }
      expect(left()).toEqual([]);
      for (const index of chains.keys()) {
        const written = t
          .read(`out${index}`, { value: string })
          .flatMap(({ value }) => value.split(',').map(Number));
        expect(written.sort((a, b) => a - b)).toEqual(values);
      }
      await t.stop();
    }),
    { numRuns: 60 },
  );
}, 60_000);

test('a drain does not wait for a batch that is filled by calls still under way', async () => {
  let clock: VirtualClock | undefined;
  const call = (value: number) =>
    new Observable<number>(subscriber => {
      clock?.schedule(() => {
        subscriber.next(value);
        subscriber.complete();
      }, 500);
    });
  const hour = 3_600_000;
  const t = await testApp(
    app => {
      app
        .topic('in', { value: number })
        .pipe(
          mapAsync(call),
          batch(gathered => gathered.length, { maxRecords: 1000, maxWaitMs: hour }),
        )
        .subscribe(app.to('out', { value: number }));
    },
    { idleMs: hour },
  );
  clock = t.clock;
  t.pipeIn('in', [{ value: '1' }, { value: '2' }]);
  const started = clock.elapsed();
  await t.stop();
  expect(clock.elapsed() - started).toBeLessThan(5000);
  expect(t.read('out', { value: number }).reduce((sum, { value }) => sum + value, 0)).toBe(2);
  expect(t.committed('in')).toEqual([2]);
});
