import { createApp, KafkaRxError, type OutputListener, string } from 'kafka-rx';
import { MemoryBroker, memory } from 'kafka-rx/memory';
import { filterValue } from 'kafka-rx/operators';
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
      clock.advance(ms);
      await new Promise(resolve => setImmediate(resolve));
    }
  };
  await turns(0);
  listeners.get('failing')?.refused(1, new KafkaRxError('PRODUCE', 'refused for good'));
  await turns(1000);
  await expect(running).rejects.toMatchObject({ code: 'PRODUCE', at: { offset: 1 } });
  expect(broker.committed('g', 'in')).toEqual([-1]);
});
