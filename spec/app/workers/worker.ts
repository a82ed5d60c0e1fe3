/** A worker with a broker of its own: it doubles what lies in `in`, and fails, hangs or ends as its data says. */
import { type App, createApp, number } from 'kafka-rx';
import { MemoryBroker, memory } from 'kafka-rx/memory';
import { mapValue } from 'kafka-rx/operators';
import { serveWorker } from 'kafka-rx/workers';

interface Data {
  readonly guarantee?: 'exactly-once';
  readonly fails?: number;
  readonly throws?: number;
  readonly exits?: number;
  readonly neverBuilds?: number;
  readonly blocks?: number;
  /** Blocks its event loop for 8 s at the first record. */
  blocksLater?: number;
  /** Ends its thread so at the first record, whatever its app does. */
  readonly dies?: readonly [worker: number, how: 'exit 3' | 'exit 0' | 'throw'];
  /** Hands serveWorker this instead of its app. */
  readonly gives?: readonly [worker: number, what: keyof typeof noApps];
}

const noApps = {
  undefined: () => undefined,
  null: () => null,
  'an object': () => ({}),
  'a part of an app': ({ run, stop, health }: App) => ({ run, stop, health }),
  'an object that cannot be read': () =>
    new Proxy(
      {},
      {
        get(_, name) {
          if (name === 'then') return undefined;
          throw new Error('4111111111111111');
        },
      },
    ),
};

function die(how: string): void {
  if (how === 'exit 3') process.exit(3);
  if (how === 'exit 0') process.exit(0);
  setImmediate(() => {
    throw new RangeError('4111111111111111');
  });
}

serveWorker(async ({ index, metrics, data }) => {
  const how = data as Data; // What spec/app/workers/program.ts sends.
  if (how.throws === index) throw new TypeError('4111111111111111');
  if (how.exits === index) process.exit(7);
  if (how.neverBuilds === index) await new Promise(() => {});
  while (how.blocks === index);
  const broker = new MemoryBroker();
  broker.createTopic('in', 2);
  broker.createTopic('out', 2);
  for (let i = 0; i < 10; i++) broker.publish('in', [{ value: String(i) }]);
  const app = createApp({
    ...{ groupId: 'doubling', driver: memory({ broker }), metrics },
    ...(how.guarantee ? { guarantee: how.guarantee } : { commit: { every: 1 } }),
  });
  app
    .topic('in', { value: number })
    .pipe(
      mapValue(value => {
        if (how.fails === index) throw new Error('4111111111111111');
        if (how.blocksLater === index) {
          how.blocksLater = -1;
          for (const until = performance.now() + 8_000; performance.now() < until; );
        }
        if (how.dies?.[0] === index) die(how.dies[1]);
        return value * 2;
      }),
    )
    .subscribe(app.to('out', { value: number, keyBy: String }));
  // What no compiler would let pass, and what programs without one do.
  if (how.gives?.[0] === index) return noApps[how.gives[1]](app) as App;
  return app;
});
