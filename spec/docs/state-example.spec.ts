// docs:begin
import { type App, string } from 'kafka-rx';
import { count, counter, tumbling, windowed } from 'kafka-rx/state';
import { testApp } from 'kafka-rx/testing';

const byMinute = { key: windowed(string, { sizeMs: 60_000 }), value: counter().codec };

function clicks(app: App): void {
  const state = app.state('clicks', { key: string, value: counter().codec });
  app
    .topic('clicks', { key: string, value: string })
    .pipe(count(state, { window: tumbling(60_000, { graceMs: 0 }), emit: 'final' }))
    .subscribe(app.to('clicks-by-minute', byMinute));
}

test('clicks are counted by minute', async () => {
  const t = await testApp(clicks);
  const click = (timestamp: number) => ({ key: 'home', value: '', timestamp });
  t.pipeIn('clicks', [click(0), click(59_999), click(60_000)]);
  expect(t.read('clicks-by-minute', byMinute)).toMatchObject([
    { key: { key: 'home', start: 0, end: 60_000 }, value: 2 },
  ]);
  await t.stop();
});
// docs:end
