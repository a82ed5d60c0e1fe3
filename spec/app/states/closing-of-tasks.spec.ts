/** What an app keeps is closed when the app has ended, also what it gave away before. */
import { createApp, number, string } from 'kafka-rx';
import { memory } from 'kafka-rx/memory';
import { count } from 'kafka-rx/state';
import { testApp } from 'kafka-rx/testing';
import type { App } from '../../../lib/app/interface.js';
import type { StateBackends } from '../../../lib/state/backend.js';
import { memoryBackends } from '../../../lib/state/memory-backend.js';

test('a task that went elsewhere and is still being closed is awaited by the stop', async () => {
  const closing: string[] = [];
  let close = (): void => {};
  const closed = new Promise<void>(resolve => {
    close = resolve;
  });
  const slow: StateBackends = {
    async open(task) {
      const backend = await memoryBackends.open(task);
      backend.close = () => {
        closing.push(task);
        return closing.length === 1 ? closed : Promise.resolve();
      };
      return backend;
    },
  };
  const counts = (app: App, backend?: StateBackends): void => {
    app
      .topic('in', { key: string, value: string })
      .pipe(count(app.state('counts', { key: string, value: number, backend })))
      .subscribe(app.to('out', { key: string, value: number }));
  };
  const t = await testApp(app => counts(app, slow), { partitions: 2 });
  t.pipeIn(
    'in',
    [...'abcdef'].map(key => ({ key, value: 'x' })),
  );
  await t.idle();

  const other = createApp({ groupId: 'test', driver: memory({ broker: t.broker }), clock: t.clock });
  counts(other);
  const running = other.run();
  for (let i = 0; i < 20 && closing.length === 0; i++) await t.advance(100);
  expect(closing).toHaveLength(1);

  let isStopped = false;
  void t.app.stop().then(() => {
    isStopped = true;
  });
  for (let i = 0; i < 20; i++) await t.idle();
  expect(closing).toHaveLength(2);
  expect(isStopped).toBe(false);
  close();
  for (let i = 0; i < 20 && !isStopped; i++) await t.idle();
  expect(isStopped).toBe(true);

  const stopping = other.stop();
  for (let i = 0; i < 20; i++) await t.idle();
  await stopping;
  await running;
});
