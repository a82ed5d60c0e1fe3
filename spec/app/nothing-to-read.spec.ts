/** An app that has nothing to read says so in health(), and why: it looks like one whose input is empty. */
import { string } from 'kafka-rx';
import { Members } from './members.js';

const value = string;
const none = /no topic matches the source/;
const standsBy = /this member holds no partition/;

test('a RegExp that matches nothing is a reason until a topic comes', async () => {
  const members = new Members({ other: 1 });
  const member = members.start(app => app.topic(/^in-/, { value }).subscribe(app.each(() => {})), {
    discoveryMs: 100,
  });
  await members.settle();
  expect(member.app.health().reasons).toEqual([expect.stringMatching(none)]);
  members.broker.createTopic('in-1', 1);
  await members.pass(2000);
  expect(member.app.health()).toMatchObject({ ready: true, reasons: [] });
});

test('it is named beside a source that has topics, and what the app writes counts as none', async () => {
  const members = new Members({ in: 1, 'out-1': 1 });
  const member = members.start(app => {
    app.topic('in', { value }).subscribe(app.to('out-1', { value }));
    app.topic(/^out-/, { value }).subscribe(app.each(() => {}));
  });
  await members.settle();
  expect(member.app.health().reasons).toEqual([expect.stringMatching(none)]);
});

test('a member beyond the partitions stands by, is ready, and says so until it gets one', async () => {
  const members = new Members({ in: 1 });
  const start = () => members.start(app => app.topic('in', { value }).subscribe(app.each(() => {})));
  const both = [start(), start()];
  await members.pass(5000);
  const idle = both.filter(({ app }) => app.health().reasons.some(reason => standsBy.test(reason)));
  expect(idle).toHaveLength(1);
  expect(both.map(({ app }) => app.health().ready)).toEqual([true, true]);
  void both.find(one => one !== idle[0])?.app.stop();
  await members.pass(5000);
  expect(idle[0]?.app.health()).toMatchObject({ ready: true, reasons: [] });
});
