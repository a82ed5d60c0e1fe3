import { systemClock } from '../../lib/base/clock.js';
import { MemoryBroker, memory } from '../../lib/drivers/memory/index.js';
import { describeDriverContract } from './driver-contract.js';

const broker = new MemoryBroker();
let transactions = 0;

describeDriverContract('memory', {
  driver: () => memory({ broker }),
  clock: systemClock,
  budgetMs: 2000,
  quietMs: 10,
  sessionTimeoutMs: 500,
  rebalanceTimeoutMs: 100,
  transactionTimeoutMs: 50,
  publish: async (topic, records) => void broker.publish(topic, records),
  read: async topic => broker.records(topic),
  transaction: async (topic, records, outcome) => {
    const transaction = broker.transaction();
    transaction.publish(topic, records);
    transaction[outcome]();
  },
  openTransaction: async (topic, records) => {
    const transaction = broker.transaction();
    transaction.publish(topic, records);
    return async outcome => transaction[outcome]();
  },
  undecidedOffset: async (groupId, at, offset) => {
    const { undecided } = broker.cluster;
    const id = `contract-${transactions++}`;
    let ended: 'commit' | 'abort' | undefined;
    undecided.script(id, {});
    undecided.hold(id, groupId, [at], () => {
      if (ended === 'commit') broker.setCommitted(groupId, at, offset);
    });
    return async outcome => {
      ended = outcome;
      undecided.decide(id);
    };
  },
  punchGap: async (topic, partition, from, to) => broker.punchGap({ topic, partition }, from, to),
  deleteRecords: async (topic, partition, offset) => broker.deleteRecords({ topic, partition }, offset),
  copyLog: async (topic, partition) => {
    const end = broker.endOffsets(topic)[partition] ?? 0;
    return async () => broker.truncate({ topic, partition }, end);
  },
  topicConfig: async (topic, name) => broker.configs(topic)[name],
  addPartitions: async (topic, total) => broker.addPartitions(topic, total),
  deleteTopic: async topic => broker.deleteTopic(topic),
  forgetGroup: async groupId => broker.expireOffsets(groupId),
  outage: () => broker.faults.down(),
  endOutage: () => broker.faults.up(),
});
