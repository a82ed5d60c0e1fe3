import { type AppOptions, KafkaRxError, string } from 'kafka-rx';
import { Members } from './members.js';

const value = string;

/** An app that reads one topic by name and others by a RegExp, all into `out`. */
/** @param commit default: each record at once, as {@link Members} has it */
async function started(commit: AppOptions['commit'] = { every: 1 }) {
  const members = new Members({ named: 1, 't-old': 1, out: 1 });
  const member = members.start(
    app => {
      app.topic('named', { value }).subscribe(app.to('out', { value }));
      app.topic(/^t-/, { value }).subscribe(app.to('out', { value }));
    },
    { discoveryMs: 1_000, commit },
  );
  await members.pass(100);
  return { members, member };
}

describe('looking for topics while the app runs', () => {
  test('goes on where a topic that is read by name was deleted, and health says which, until it is back', async () => {
    const { members, member } = await started();
    members.broker.deleteTopic('named');
    members.broker.createTopic('t-new', 1);
    members.publish('t-new', 'first');
    await members.pass(3_000);
    expect(members.values('out')).toEqual(['first']);
    expect(member.app.health()).toMatchObject({
      ready: false,
      reasons: ["the topic 'named' does not exist any more"],
    });
    expect(member.events).toContainEqual({
      type: 'waiting',
      reason: "the topic 'named' does not exist any more",
    });
    members.broker.createTopic('named', 1);
    members.publish('named', 'again');
    await members.pass(3_000);
    expect(members.values('out')).toEqual(['first', 'again']);
    expect(member.app.health()).toMatchObject({ ready: true, reasons: [] });
    expect(member.outcome).toBe('running');
  });

  test('goes on where a topic that is written was deleted', async () => {
    const { members, member } = await started();
    members.broker.deleteTopic('out');
    members.broker.createTopic('t-new', 1);
    await members.pass(3_000);
    expect(members.broker.members('group')[0]?.topics).toContain('t-new');
    expect(member.app.health().reasons).toContain("the topic 'out' does not exist any more");
  });

  test('a topic of a RegExp that is deleted is let go at once, with work of it uncommitted', async () => {
    const { members, member } = await started({ every: 1_000, intervalMs: 60_000 });
    members.publish('t-old', 'a', 'b');
    await members.pass(1);
    expect(members.committed('t-old')).toEqual([-1]);
    members.broker.deleteTopic('t-old');
    await members.pass(2_000);
    members.publish('named', 'c');
    await members.pass(100);
    expect(members.values('out')).toEqual(['a', 'b', 'c']);
    expect(member.app.health()).toMatchObject({
      ready: true,
      reasons: [expect.stringMatching(/^no topic matches the source/)],
    });
  });

  test('says so while the cluster does not answer, and no longer once it does', async () => {
    const { members, member } = await started();
    members.broker.faults.down();
    await members.pass(2_000);
    expect(member.app.health().reasons).toContainEqual(expect.stringMatching(/^new topics are not found: /));
    members.broker.faults.up();
    await members.pass(2_000);
    expect(member.app.health()).toMatchObject({ ready: true, reasons: [] });
  });

  test('what ends the consumer when it is to read another topic ends the app', async () => {
    const { members, member } = await started();
    const [memberId = ''] = members.memberIds();
    const [live] = [...members.broker.cluster.groups].flatMap(group => group.member(memberId) ?? []);
    const refusal = new KafkaRxError('DRIVER', 'no right to read it');
    Object.assign(live ?? {}, { subscribe: () => Promise.reject(refusal) });
    members.broker.createTopic('t-new', 1);
    await members.pass(3_000);
    expect(member.outcome).toBe(refusal);
  });

  test('an app that reads by name alone says which of its topics is gone', async () => {
    const members = new Members({ a: 1, b: 1, out: 1 });
    const member = members.start(app => {
      for (const name of ['a', 'b']) app.topic(name, { value }).subscribe(app.to('out', { value }));
    });
    await members.pass(100);
    members.broker.deleteTopic('a');
    members.publish('b', 'b');
    await members.pass(1_000);
    expect(members.values('out')).toEqual(['b']);
    expect(member.app.health()).toMatchObject({ reasons: ["the topic 'a' does not exist any more"] });
    members.broker.createTopic('a', 1);
    members.publish('a', 'a');
    await members.pass(1_000);
    expect(members.values('out')).toEqual(['b', 'a']);
    expect(member.app.health()).toMatchObject({ ready: true, reasons: [] });
  });
});
