/** What `testApp` says of topics and of stream time. */
import { number, string } from 'kafka-rx';
import { count, repartition, tumbling } from 'kafka-rx/state';
import { testApp } from 'kafka-rx/testing';
import type { App } from '../../lib/app/interface.js';

const topic = { key: string, value: string };

function kept(app: App): void {
  const window = tumbling(10, { graceMs: 0 });
  const in$ = app.topic('in', topic);
  in$
    .pipe(count(app.state('minutes', { key: string, value: number }), { window }))
    .subscribe(app.each(() => {}));
  app
    .topic('other', topic)
    .pipe(
      repartition(app.internal('by-value', topic), value => value),
      count(app.state('others', { key: string, value: number }), { window }),
    )
    .subscribe(app.each(() => {}));
}

const counts = (t: Awaited<ReturnType<typeof testApp>>) =>
  Object.fromEntries(
    t.broker.cluster
      .describe()
      .filter(({ name }) => !name.startsWith('__'))
      .map(({ name, partitions }) => [name, partitions]),
  );

test('topics have as many partitions as is said of each, and internal ones and changelogs as their inputs', async () => {
  const t = await testApp(kept, { partitions: { in: 3, other: 2, more: 4 }, topics: ['more', 'one'] });
  expect(counts(t)).toEqual({
    in: 3,
    other: 2,
    more: 4,
    one: 1,
    'test-by-value-repartition': 2,
    'test-minutes-changelog': 3,
    'test-others-changelog': 2,
  });
  await t.stop();
});

test('an internal topic may be named too', async () => {
  const t = await testApp(kept, { partitions: { 'test-by-value-repartition': 5 } });
  expect(counts(t)).toMatchObject({ in: 1, 'test-by-value-repartition': 5, 'test-others-changelog': 5 });
  await t.stop();
});

test.each([
  [{ wrong: 2 }, /no topic 'wrong'/],
  [{ in: 0 }, /partitions/],
  [0, /partitions/],
  ['two', /partitions/],
])('partitions that cannot be meant are refused: %j', async (partitions, message) => {
  await expect(testApp(kept, { partitions: partitions as never })).rejects.toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringMatching(message),
  });
});

test('stream time is the largest timestamp that a state has taken, and outlives a crash where it was committed', async () => {
  const t = await testApp(kept, { partitions: { in: 2, other: 1 } });
  expect(t.streamTime()).toBeUndefined();
  t.pipeIn('in', [
    { key: 'a', value: 'x', timestamp: 50, partition: 0 },
    { key: 'b', value: 'x', timestamp: 70, partition: 1 },
    { key: 'b', value: 'x', timestamp: 60, partition: 1 },
  ]);
  expect([t.streamTime('minutes'), t.streamTime('others'), t.streamTime()]).toEqual([70, undefined, 70]);
  await t.idle();
  t.pipeIn('other', [{ key: 'a', value: 'x', timestamp: 90 }]);
  await t.idle();
  expect([t.streamTime('minutes'), t.streamTime('others'), t.streamTime()]).toEqual([70, 90, 90]);
  t.pipeIn('in', [{ key: 'a', value: 'x', timestamp: 1_000 }]);
  expect(t.streamTime('minutes')).toBe(1_000);
  expect(() => t.streamTime('none')).toThrow(/no state 'none'.*'minutes', 'others'/);
  await t.crash();
  await t.restart();
  expect(t.streamTime('minutes')).toBe(1_000);
  await t.stop();
});
