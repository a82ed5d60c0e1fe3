import { Cluster } from '../../../lib/drivers/memory/cluster.js';
import type { GroupMember } from '../../../lib/drivers/memory/consumer-group.js';
import { VirtualClock } from '../../../lib/testing/virtual-clock.js';

/** The broker's side alone, against members that break the rules that `MemoryConsumer` keeps. */
describe('a consumer group of the memory broker', () => {
  function grouped() {
    const clock = new VirtualClock();
    const cluster = new Cluster(clock);
    cluster.ensureTopic('in', 2);
    const group = cluster.group('g');
    const heard: string[] = [];
    const member = (memberId: string): GroupMember => {
      const self: GroupMember = {
        memberId,
        topics: ['in'],
        coPartitioned: [],
        sessionTimeoutMs: 1000,
        prepare: () => {
          heard.push(`${memberId} prepare`);
          group.rejoin(self);
        },
        assign: (generation, partitions) => {
          heard.push(`${memberId} ${generation}: ${partitions.map(({ partition }) => partition)}`);
        },
        expelled() {},
        setSilent() {},
        fail() {},
        die() {},
      };
      return self;
    };
    return { clock, group, heard, member };
  }
  const offset = (partition: number) => [{ topic: 'in', partition, offset: 1 }];

  test('members that join in one turn share a generation, and a later one makes a new one', () => {
    const { clock, group, heard, member } = grouped();
    group.join(member('a'));
    group.join(member('b'));
    clock.flush();
    group.join(member('c'));
    clock.flush();
    expect(heard).toEqual(['a 1: 0', 'b 1: 1', 'a prepare', 'b prepare', 'a 2: 0', 'b 2: 1', 'c 2: ']);
  });

  test('stores offsets of owned partitions and the current generation only', () => {
    const { clock, group, member } = grouped();
    for (const id of ['a', 'b']) group.join(member(id));
    clock.flush();
    expect(group.commit('a', 1, offset(0))).toBeUndefined();
    expect(group.commit('a', 1, offset(1))).toMatchObject({ code: 'COMMIT_REFUSED' });
    expect(group.commit('stranger', 1, offset(1))).toMatchObject({ code: 'COMMIT_REFUSED' });
    group.rebalance();
    clock.flush();
    expect(group.commit('b', 1, offset(1))).toMatchObject({ code: 'COMMIT_REFUSED' });
    expect([0, 1].map(partition => group.committed({ topic: 'in', partition }).offset)).toEqual([1, -1]);
  });

  test('a member put out before it was told of something is not told', () => {
    const { clock, group, heard, member } = grouped();
    const a = member('a');
    group.join(a);
    clock.flush();
    group.rebalance();
    group.remove('a');
    group.join(a);
    clock.flush();
    expect(heard).toEqual(['a 1: 0,1', 'a 2: 0,1']);
  });
});
