/** A unit is written at its barrier in one go, and is in memory until then: what it has changed is bounded in bytes, whatever units there were before. */
import { string } from 'kafka-rx';
import { aggregate, last } from 'kafka-rx/state';
import { testApp } from 'kafka-rx/testing';

const mebi = 1024 * 1024;

test('the units of a backlog of large values are of some 16 MiB, the first one too', async () => {
  const kept = last(string);
  const t = await testApp(app => {
    const state = app.state('kept', { key: string, value: kept.codec });
    app
      .topic('in', { key: string, value: string })
      .pipe(aggregate(state, kept))
      .subscribe(app.each(() => {}));
  });
  await t.crash();
  const value = 'x'.repeat(100_000);
  t.pipeIn(
    'in',
    Array.from({ length: 400 }, (_, i) => ({ key: `${i}`, value, timestamp: 1 })),
  );
  await t.restart();
  await t.idle();

  const units = [0];
  for (const { key, value } of t.broker.records('test-kept-changelog')) {
    if (key?.toString('latin1') === '\0\0kafka-rx/cut') units.unshift(0);
    else units[0] = (units[0] ?? 0) + (value?.length ?? 0);
  }
  expect(units.reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThan(38 * mebi);
  expect(Math.max(...units)).toBeLessThan(20 * mebi);
  await t.stop();
});
