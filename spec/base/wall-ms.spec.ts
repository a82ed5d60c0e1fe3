import { number, string } from 'kafka-rx';
import { count } from 'kafka-rx/state';
import { testApp } from 'kafka-rx/testing';
import { wallMs } from '../../lib/base/wall-ms.js';

test('is whole, whatever the clock stands at', () => {
  expect(wallMs({ now: () => 1_704_067_207_292.8923 })).toBe(1_704_067_207_292);
});

test('a state is committed at a fraction of a millisecond', async () => {
  const t = await testApp(
    app => {
      app
        .topic('in', { key: string, value: string })
        .pipe(count(app.state('counts', { key: string, value: number })))
        .subscribe(app.to('out', { key: string, value: number }));
    },
    { partitions: 1, commit: { intervalMs: 33.3 } },
  );
  t.pipeIn('in', [{ key: 'a', value: 'x' }]);
  await t.advance(100);
  expect(t.committed('in')).toEqual([1]);
  await t.stop();
});
