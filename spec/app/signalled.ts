/**
 * Run by `signals.spec.ts` as a process of its own: an app whose one record is done at once (`free`), late (`slow`), or never
 * (`stuck`); with `blocked` the event loop stands still for longer than a second once the app stops, and with `unreachable` there
 * is no broker.
 */
import { createApp, silentLogger, string } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import { MemoryBroker, memory } from 'kafka-rx/memory';

const how = process.argv[2];
const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
const broker = new MemoryBroker();
broker.createTopic('in', 1);
const say = (text: string): unknown => process.stdout.write(`${text}\n`);

const app = createApp({
  groupId: 'g',
  // Nothing listens there: tried again for 30 s.
  driver: how === 'unreachable' ? kafkajs({ brokers: ['127.0.0.1:1'] }) : memory({ broker }),
  signals,
  logger: { ...silentLogger, warn: (_, message) => process.stderr.write(`${message}\n`) },
});
app.topic('in', { value: string }).subscribe(
  app.each(() => {
    say('got it');
    if (how === 'stuck') return new Promise(() => {});
    return how === 'free' ? undefined : new Promise(resolve => setTimeout(resolve, 700));
  }),
);
app.events$.subscribe(event => {
  if (event.type === 'driver') say(event.event.type);
  if (event.type !== 'state') return;
  say(event.state);
  if (how !== 'blocked' || event.state !== 'stopping') return;
  const until = performance.now() + 1500;
  while (performance.now() < until);
});
broker.publish('in', [{ value: 'a' }]);
await app.run();
say(`committed ${broker.committed('g', 'in')}`);
// What a program does once its app has ended, under a signal's echo.
await new Promise(resolve => setTimeout(resolve, 300));
say('goodbye');
