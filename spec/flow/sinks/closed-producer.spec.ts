import { createApp, KafkaRxError, memoryMetrics, type OutputListener, string } from 'kafka-rx';
import { MemoryBroker, memory } from 'kafka-rx/memory';
import { filterValue, mapValue } from 'kafka-rx/operators';
import { VirtualClock } from 'kafka-rx/testing';
import { withProducer } from './with-producer.js';

test('what a closed producer refuses after a failure is not taken for skipped: it stays uncommitted', async () => {
  const clock = new VirtualClock();
  const broker = new MemoryBroker({ clock });
  for (const topic of ['in', 'skipping', 'failing']) broker.createTopic(topic, 1);
  broker.publish('in', [{ value: 'first' }, { value: 'second' }]);
  const listeners = new Map<string, OutputListener>();
  const app = createApp({
    groupId: 'g',
    clock,
    driver: withProducer(memory({ broker }), {
      close: async () => {
        listeners.get('skipping')?.refused(1, new KafkaRxError('CLOSED', 'the producer was closed'));
        listeners.delete('skipping');
      },
      output: ({ topic }, listener) => {
        listeners.set(topic, listener);
        return { append: () => {} };
      },
    }),
  });
  const records$ = app.topic('in', { value: string });
  const only = (wanted: string) => records$.pipe(filterValue(value => value === wanted));
  only('first').subscribe(app.to('skipping', { value: string, onProduceError: 'skip' }));
  only('second').subscribe(app.to('failing', { value: string }));
  const running = app.run();
  running.catch(() => {});
  const turns = async (ms: number): Promise<void> => {
    for (let turn = 0; turn < 100; turn++) {
      await clock.advanceAsync(ms);
      await new Promise(resolve => setImmediate(resolve));
    }
  };
  await turns(0);
  listeners.get('failing')?.refused(1, new KafkaRxError('PRODUCE', 'refused for good'));
  await turns(1000);
  await expect(running).rejects.toMatchObject({ code: 'PRODUCE', at: { offset: 1 } });
  expect(broker.committed('g', 'in')).toEqual([-1]);
});

test('more acknowledgements and refusals than records sent change nothing', async () => {
  const clock = new VirtualClock();
  const broker = new MemoryBroker({ clock });
  for (const topic of ['in', 'out', 'dead']) broker.createTopic(topic, 1);
  broker.publish('in', [{ value: 'good' }, { value: 'bad' }, { value: 'good' }]);
  const listeners = new Map<string, OutputListener>();
  const metrics = memoryMetrics();
  const app = createApp({
    groupId: 'g',
    clock,
    metrics,
    commit: { every: 1 },
    policies: { process: 'dead-letter' },
    deadLetters: { topic: 'dead', limit: 'none' },
    driver: withProducer(memory({ broker }), {
      close: async () => {},
      output: ({ topic }, listener) => {
        listeners.set(topic, listener);
        return { append: () => {} };
      },
    }),
  });
  app
    .topic('in', { value: string })
    .pipe(
      mapValue(value => {
        if (value === 'bad') throw new Error('no');
        return value;
      }),
    )
    .subscribe(app.to('out', { value: string }));
  const running = app.run();
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 100; turn++) {
      await clock.advanceAsync(10);
      await new Promise(resolve => setImmediate(resolve));
    }
  };
  await turns();
  listeners.get('out')?.acknowledged(1, -1);
  listeners.get('dead')?.acknowledged(3, -1);
  listeners.get('dead')?.refused(2, new KafkaRxError('PRODUCE', 'late'));
  await turns();
  expect([broker.committed('g', 'in'), app.health().live]).toEqual([[2], true]);
  listeners.get('out')?.acknowledged(2, -1);
  listeners.get('out')?.refused(2, new KafkaRxError('PRODUCE', 'late'));
  await turns();
  expect([broker.committed('g', 'in'), app.health().live]).toEqual([[3], true]);
  expect(metrics.value('kafka_rx_records_produced_total', { topic: 'out' })).toBe(2);
  const stopped = app.stop();
  await turns();
  await Promise.all([stopped, running]);
});
