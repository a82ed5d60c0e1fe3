import { LeaderWatch } from '../../../../lib/drivers/kafkajs/consumer/leader-watch.js';
import type { Cluster } from '../../../../lib/drivers/kafkajs/internals/cluster.js';
import { ManualClock } from '../manual-clock.js';

/** A cluster whose one partition has the leaders that each refresh brings; after the last, as before. */
function setUp(answers: (number | Error)[]) {
  const clock = new ManualClock();
  let leader = 1;
  let refreshes = 0;
  let open = true;
  const fake = {
    brokerPool: { metadata: {} },
    findTopicPartitionMetadata: () => [{ partitionId: 0, leader, partitionErrorCode: 0 }],
    refreshMetadata: async () => {
      refreshes++;
      const answer = answers.shift() ?? leader;
      if (answer instanceof Error) throw answer;
      leader = answer;
    },
  };
  const watch = new LeaderWatch({ clock, partitions: () => [{ topic: 't', partition: 0 }] });
  return {
    clock,
    // What is used of it is there.
    refresh: () => watch.refresh(fake as unknown as Cluster, () => open),
    close: () => {
      open = false;
    },
    count: () => refreshes,
  };
}

describe('a partition without a leader', () => {
  test('is asked about until it has one again, at most a second apart, also while nobody answers', async () => {
    const { clock, refresh, count } = setUp([-1, -1, new Error('down'), 2]);
    await refresh();
    await clock.advance(60_000);
    expect(count()).toBe(4);
  });

  test('is asked about once where it has one, and no more once the session is over', async () => {
    const led = setUp([1]);
    await led.refresh();
    const closed = setUp([-1]);
    await closed.refresh();
    closed.close();
    await Promise.all([led.clock.advance(60_000), closed.clock.advance(60_000)]);
    expect([led.count(), closed.count()]).toEqual([1, 1]);
  });

  test('at most a second passes before its leader is known, however long it had none', async () => {
    const { clock, refresh, count } = setUp(Array.from({ length: 100 }, () => -1));
    await refresh();
    await clock.advance(30_000);
    const before = count();
    await clock.advance(1_000);
    expect(count()).toBeGreaterThan(before);
  });
});
