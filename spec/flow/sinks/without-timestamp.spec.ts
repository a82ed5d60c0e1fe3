import { createApp, type Document, memoryStore, readDeadLetter, string } from 'kafka-rx';
import { MemoryBroker, memory } from 'kafka-rx/memory';
import { mapValue } from 'kafka-rx/operators';
import { VirtualClock } from 'kafka-rx/testing';

const value = string;

test('a record that no producer set a timestamp of is written, by every sink, at the time of writing; a dead letter of it has none', async () => {
  const clock = new VirtualClock();
  const broker = new MemoryBroker({ clock });
  for (const topic of ['in', 'out', 'dead']) broker.createTopic(topic, 1);
  const write = jest.fn<void, [readonly Document<string>[]]>();
  const store = {
    ...memoryStore<string>('history'),
    write: (documents: readonly Document<string>[]) => void write(documents),
  };
  const app = createApp({
    groupId: 'g',
    driver: memory({ broker }),
    policies: { process: 'dead-letter' },
    deadLetters: { topic: 'dead' },
  });
  const source = app.topic('in', { value });
  source.subscribe(app.to('out', { value }));
  source.subscribe(app.store({ ...store, positions: undefined }));
  source
    .pipe(
      mapValue(() => {
        throw new Error('no');
      }),
    )
    .subscribe(app.each(() => {}));
  broker.publish('in', [
    { value: 'a', timestamp: -1 },
    { value: 'b', timestamp: 0 },
  ]);
  const running = app.run();
  await clock.advanceAsync(1000);
  await app.stop();
  await running;
  const [written, zero] = broker.records('out').map(record => record.timestamp);
  expect(written).toBeGreaterThan(1_700_000_000_000);
  const documents = write.mock.calls.flatMap(([all]) => all);
  expect(documents.map(({ timestamp }) => timestamp)).toEqual([expect.any(Number), 0]);
  expect(documents[0]?.timestamp).toBeGreaterThan(1_700_000_000_000);
  expect(zero).toBe(0);
  expect(broker.records('dead').map(({ headers }) => readDeadLetter(headers)?.timestamp)).toEqual([
    undefined,
    0,
  ]);
});
