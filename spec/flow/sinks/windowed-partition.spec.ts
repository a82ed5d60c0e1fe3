/** A result in a window lies in the partition of its key, as with Kafka Streams: who joins it with what is keyed alike finds both in one task. */
import { type Codec, nullable, number, string } from 'kafka-rx';
import { aggregate, session, sessionWindowed, tumbling, type Windowed, windowed } from 'kafka-rx/state';
import { testApp } from 'kafka-rx/testing';
import { partitionForKey } from '../../../lib/flow/sinks/partitioner.js';

const keys = Array.from({ length: 20 }, (_, i) => `key-${i}`);

test.each<[string, Codec<Windowed<string>>, 'session' | 'tumbling']>([
  ['windowed', windowed(string, { sizeMs: 10 }), 'tumbling'],
  ['sessionWindowed', sessionWindowed(string), 'session'],
])('%s', async (_name, key, kind) => {
  const t = await testApp(
    app => {
      const counts = app.state('counts', { key: string, value: number });
      const folding = { initial: () => 0, add: (n: number) => n + 1, merge: (a: number, b: number) => a + b };
      const in$ = app.topic('in', { key: string, value: string });
      const counted$ =
        kind === 'tumbling'
          ? in$.pipe(aggregate(counts, { ...folding, window: tumbling(10, { graceMs: 0 }) }))
          : in$.pipe(aggregate(counts, { ...folding, window: session(5, { graceMs: 0 }) }));
      counted$.subscribe(app.to('out', { key, value: nullable(number) }));
    },
    { partitions: 7 },
  );
  t.pipeIn(
    'in',
    [5, 15, 25].flatMap(timestamp => keys.map(key => ({ key, value: 'x', timestamp }))),
  );
  await t.idle();
  const written = t.broker.records('out');
  expect(written).toHaveLength(keys.length * 3);
  for (const record of written) {
    const { key: of } = key.decode(record.key, { topic: 'out', ...record }) as Windowed<string>;
    expect(record.partition).toBe(partitionForKey(Buffer.from(of), 7));
  }
  await t.stop();
});
