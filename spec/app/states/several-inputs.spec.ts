import { number, string } from 'kafka-rx';
import { aggregate } from 'kafka-rx/state';
import { testApp } from 'kafka-rx/testing';

test('an input that stands still is part of the cuts of those that move', async () => {
  const t = await testApp(
    app => {
      app
        .topic(['one', 'other'], { key: string, value: string })
        .pipe(
          aggregate(app.state('counts', { key: string, value: number }), {
            initial: () => 0,
            add: count => count + 1,
          }),
        )
        .subscribe(app.to('out', { key: string, value: number }));
    },
    { partitions: 1 },
  );
  const counts: string[] = [];
  // Each time as another member, which commits what it has moved: the first input but once.
  for (const topic of ['one', 'other', 'other']) {
    t.pipeIn(topic, [{ key: 'a', value: 'x' }]);
    await t.idle();
    counts.push(...t.read('out', { key: string, value: number }).map(({ value }) => `${value}`));
    await t.restart();
  }
  expect(counts).toEqual(['1', '2', '3']);
  await t.stop();
});
