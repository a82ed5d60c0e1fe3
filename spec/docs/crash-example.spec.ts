// docs:begin
import { type App, string } from 'kafka-rx';
import { count, counter, tumbling } from 'kafka-rx/state';
import { testApp } from 'kafka-rx/testing';

const value = counter().codec;

function logins(app: App): void {
  const failed = app.state('failed', { key: string, value });
  app
    .topic('failed-logins', { key: string, value: string })
    .pipe(count(failed, { window: tumbling(600_000, { graceMs: 0 }), emit: 'final' }))
    .subscribe(app.to('alarms', { keyBy: () => 'alarm', value }));
}

test('a crash counts no login twice, and none is forgotten', async () => {
  const t = await testApp(logins, { partitions: { 'failed-logins': 3 } });
  const login = (timestamp: number) => ({ key: 'ada', value: '', timestamp });

  t.pipeIn('failed-logins', [login(1_000)]);
  await t.idle(); // committed
  t.pipeIn('failed-logins', [login(2_000)]);
  await t.crash(); // and this one is not
  t.pipeIn('failed-logins', [login(3_000)]);
  await t.restart();

  expect(t.streamTime('failed')).toBe(3_000);
  t.pipeIn('failed-logins', [login(600_000)]);
  expect(t.read('alarms', { value })).toMatchObject([{ value: 3 }]);
  await t.stop();
});
// docs:end
