import { string } from 'kafka-rx';
import { count, counter, repartition } from 'kafka-rx/state';
import { Members } from '../members.js';

test('changelogs and internal topics keep the times of their records, whatever the broker has as its default', async () => {
  const topic = { key: string, value: string };
  const all = new Members({ in: 2 });
  const member = all.start(app => {
    app
      .topic('in', topic)
      .pipe(
        repartition(app.internal('by-value', topic), value => value),
        count(app.state('kept', { key: string, value: counter().codec })),
      )
      .subscribe(app.each(() => {}));
  });
  await all.pass(1_000);
  const times = { 'message.timestamp.type': 'CreateTime' };
  expect(all.broker.configs('group-kept-changelog')).toMatchObject({ ...times, 'cleanup.policy': 'compact' });
  expect(all.broker.configs('group-by-value-repartition')).toMatchObject({
    ...times,
    'cleanup.policy': 'delete',
  });
  await all.stop(member);
});
