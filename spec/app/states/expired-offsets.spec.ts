import { number, string } from 'kafka-rx';
import { count } from 'kafka-rx/state';
import { testApp } from 'kafka-rx/testing';

test('offsets that have expired are where the changelog says that they were', async () => {
  const t = await testApp(app => {
    app
      .topic('in', { key: string, value: string })
      .pipe(count(app.state('counts', { key: string, value: number })))
      .subscribe(app.to('out', { key: string, value: number }));
  });
  const keys = (text: string) => [...text].map(key => ({ key, value: 'x' }));
  const read = () => t.read('out', { key: string, value: number }).map(({ key, value }) => `${key}${value}`);
  t.pipeIn('in', keys('aba'));
  await t.idle();
  expect(read()).toEqual(['a1', 'b1', 'a2']);
  t.broker.expireOffsets('test');
  await t.restart();
  t.pipeIn('in', keys('ab'));
  await t.idle();
  expect(read()).toEqual(['a3', 'b2']);
  await t.stop();
});
