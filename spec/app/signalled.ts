/** Run by `signals.spec.ts` as a process of its own: an app whose one record is stuck, so that a drain takes for ever. */
import { createApp, string } from 'kafka-rx';
import { MemoryBroker, memory } from 'kafka-rx/memory';

const broker = new MemoryBroker();
broker.createTopic('in', 1);
const stuck = process.argv[2] === 'stuck';
const app = createApp({ groupId: 'g', driver: memory({ broker }), signals: ['SIGTERM', 'SIGINT'] });
app.topic('in', { value: string }).subscribe(
  app.each(() => {
    process.stdout.write('got it\n');
    return stuck ? new Promise(() => {}) : undefined;
  }),
);
app.events$.subscribe(event => {
  if (event.type === 'state') process.stdout.write(`${event.state}\n`);
});
broker.publish('in', [{ value: 'a' }]);
await app.run();
process.stdout.write(`committed ${broker.committed('g', 'in')}\n`);
