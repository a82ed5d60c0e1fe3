import { commitTo, createApp, KafkaRxError, number } from 'kafka-rx';
import { MemoryBroker, memory } from 'kafka-rx/memory';
import { plainRecord, testRecord, VirtualClock } from 'kafka-rx/testing';
import { of } from 'rxjs';
import { defaults } from '../../lib/app/defaults.js';

const point = { topic: 'in', partition: 0, epoch: 1, offset: 1 };

test.each(Object.keys(defaults.bounds))(
  'bounds.%s of undefined is its default: records are read',
  async name => {
    const clock = new VirtualClock({ maxTasks: 5_000 });
    const broker = new MemoryBroker({ clock });
    broker.createTopic('in', 1);
    broker.publish('in', [{ value: '1' }, { value: '2' }]);
    const seen: number[] = [];
    // As JavaScript, or a program without exactOptionalPropertyTypes, would.
    const bounds = { [name]: undefined } as object;
    const app = createApp({ groupId: 'g', driver: memory({ broker }), clock, bounds });
    app.topic('in', { value: number }).subscribe(app.each(({ value }) => void seen.push(value)));
    void app.run().catch(() => {});
    for (let turn = 0; turn < 50; turn++) {
      // One turn: an app that finds nothing to hand out would defer itself for ever.
      try {
        if (clock.nextInMs === 0) clock.flush();
      } catch {
        // It did.
        break;
      }
      await new Promise(resolve => setImmediate(resolve));
    }
    expect(seen).toEqual([1, 2]);
  },
);

test('attempts of undefined are ten tries of a commit', async () => {
  const clock = new VirtualClock({ maxTasks: 5_000 });
  let tries = 0;
  const target = {
    commit: () => {
      // A bound of this test: without one the loop would never leave the microtasks.
      if (++tries > 50) return Promise.resolve();
      return Promise.reject(new KafkaRxError('COMMIT_FAILED', 'not now', { retriable: true }));
    },
  };
  const options = { clock, attempts: undefined, intervalMs: undefined, every: undefined } as object;
  const results: unknown[] = [];
  of(point)
    .pipe(commitTo(target, options))
    .subscribe(result => results.push(result));
  for (let turn = 0; turn < 100; turn++) {
    await new Promise(resolve => setImmediate(resolve));
    clock.advance(3000);
  }
  expect(tries).toBe(10);
});

test('parts of a test record that are undefined are left out', () => {
  const parts = { topic: undefined, partition: undefined, offset: undefined, timestamp: undefined } as object;
  const record = testRecord({ value: 1, ...parts, ...({ headers: undefined, key: undefined } as object) });
  expect(plainRecord(record)).toEqual(plainRecord(testRecord({ value: 1 })));
});
