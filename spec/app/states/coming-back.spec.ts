/** A task that went to another member and comes back is kept as before: asked, held against the group's offsets, and closed in the end. */
import { createApp, number, string } from 'kafka-rx';
import { memory } from 'kafka-rx/memory';
import { count, type State } from 'kafka-rx/state';
import { testApp } from 'kafka-rx/testing';
import type { App } from '../../../lib/app/interface.js';
import type { StateBackends } from '../../../lib/state/backend.js';
import { memoryBackends } from '../../../lib/state/memory-backend.js';

test('what a member has again it answers for, and closes', async () => {
  const open = new Set<object>();
  const counted: StateBackends = {
    async open(task) {
      const backend = await memoryBackends.open(task);
      open.add(backend);
      const close = backend.close.bind(backend);
      backend.close = () => {
        open.delete(backend);
        return close();
      };
      return backend;
    },
  };
  let state: State<string, number> | undefined;
  const counts = (app: App, backend?: StateBackends): State<string, number> => {
    const counts = app.state('counts', { key: string, value: number, backend });
    app
      .topic('in', { key: string, value: string })
      .pipe(count(counts))
      .subscribe(app.to('out', { key: string, value: number }));
    return counts;
  };
  const t = await testApp(
    app => {
      state = counts(app, counted);
    },
    { partitions: 2 },
  );
  const keys = [...'abcdef'];
  const answers = () => keys.map(key => state?.get(key));
  t.pipeIn(
    'in',
    keys.map(key => ({ key, value: 'x' })),
  );
  await t.idle();
  expect(answers()).toEqual(keys.map(() => 1));

  const other = createApp({ groupId: 'test', driver: memory({ broker: t.broker }), clock: t.clock });
  counts(other);
  const running = other.run();
  for (let i = 0; i < 20 && open.size > 1; i++) await t.advance(100);
  expect(open.size).toBe(1);
  expect(new Set(answers())).toEqual(new Set([1, undefined]));
  void other.stop();
  for (let i = 0; i < 20 && open.size < 2; i++) await t.advance(100);
  await running;
  await t.idle();
  expect(open.size).toBe(2);
  expect(answers()).toEqual(keys.map(() => 1));

  t.pipeIn(
    'in',
    keys.map(key => ({ key, value: 'x' })),
  );
  await t.idle();
  expect(answers()).toEqual(keys.map(() => 2));
  await t.stop();
  expect(open.size).toBe(0);
});
