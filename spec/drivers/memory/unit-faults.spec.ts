/** Faults of units of work are of units that there are. */
import { string } from 'kafka-rx';
import { Members } from '../../app/members.js';

const value = string;

async function running() {
  const members = new Members({ a: 2, out: 1 });
  const member = members.start(app => app.topic('a', { value }).subscribe(app.to('out', { value })), {
    groupId: 'test',
    guarantee: 'exactly-once',
    commit: { intervalMs: 100 },
    sessionTimeoutMs: 6_000,
  });
  await members.pass(500);
  return { members, member };
}

test.each(['fence', 'holdCommit', 'decideCommit'] as const)(
  '%s refuses a unit that nobody has opened, and names those that there are',
  async fault => {
    const { members, member } = await running();
    const of = (group: string, task: string) => () => members.broker.faults[fault](group, task);
    expect(of('test', 'a')).toThrow(
      expect.objectContaining({
        code: 'CONFIGURATION',
        message: expect.stringMatching(
          /'test' has no unit of work 'a'; it has 'a\/0', 'a\/0\/2', 'a\/1', 'a\/1\/2'/,
        ),
      }),
    );
    // The commit to come may be a group's very first.
    if (fault === 'holdCommit') expect(of('other', 'a/0')).not.toThrow();
    else expect(of('other', 'a/0')).toThrow(/'other' has no unit of work 'a\/0'; it has none/);
    expect(of('test', 'a/0/2')).not.toThrow();
    await members.stop(member);
    // It was there: whether it still is depends on the moment.
    expect(of('test', 'a/0')).not.toThrow();
  },
);

test.each([
  ['a/0', 2],
  ['a/0/2', 1],
])('to fence %s is to fence %d of the two units of the task', async (task, units) => {
  const { members, member } = await running();
  members.broker.publish('a', [{ value: 'x', partition: 0 }]);
  await members.pass(10);
  members.broker.faults.fence('test', task);
  await members.pass(1_000);
  const refused = member.events.filter(
    event => event.type === 'commit' && event.result.error?.code === 'COMMIT_REFUSED',
  );
  expect([refused.length, members.values('out')]).toEqual([units, units === 2 ? [] : ['x']]);
  await members.pass(20_000);
  expect([member.outcome, members.values('out')]).toEqual(['running', ['x']]);
  await members.stop(member);
});
