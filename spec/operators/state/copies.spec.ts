/** An app of one copy of the library and operators of another, as ESM and CommonJS meet in a process. */
import { number, string } from 'kafka-rx';
import { testApp } from 'kafka-rx/testing';
import { EMPTY } from 'rxjs';
import { count } from '../../../operators/state/count.js';

let other: typeof count = count;
jest.isolateModules(() => {
  other = (jest.requireActual('../../../operators/state/count.js') as { count: typeof count }).count;
});

test('a state of the one is taken by an operator of the other', async () => {
  expect(other).not.toBe(count);
  const t = await testApp(
    app =>
      void app
        .topic('in', { key: string, value: string })
        .pipe(other(app.state('counts', { key: string, value: number })))
        .subscribe(app.to('out', { key: string, value: number })),
  );
  t.pipeIn('in', [{ key: 'a', value: 'x' }]);
  await t.idle();
  expect(t.read('out', { key: string, value: number }).map(({ value }) => value)).toEqual([1]);
  await t.stop();
});

test('what only looks like one is refused', () => {
  const none = () => [];
  const like = { name: 'counts', get: () => 1, windows: none, sessions: none, range: none, changes$: EMPTY };
  expect(() => count(like)).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }));
});
