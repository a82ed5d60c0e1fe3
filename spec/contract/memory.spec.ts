import { systemClock } from '../../lib/base/clock.js';
import { MemoryBroker, memory } from '../../lib/drivers/memory/index.js';
import { describeDriverContract } from './driver-contract.js';

const broker = new MemoryBroker();

describeDriverContract('memory', {
  driver: () => memory({ broker }),
  clock: systemClock,
  budgetMs: 2000,
  quietMs: 10,
  sessionTimeoutMs: 500,
  rebalanceTimeoutMs: 100,
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
  punchGap: async (topic, partition, from, to) => broker.punchGap({ topic, partition }, from, to),
  deleteRecords: async (topic, partition, offset) => broker.deleteRecords({ topic, partition }, offset),
  copyLog: async (topic, partition) => {
    const end = broker.endOffsets(topic)[partition] ?? 0;
    return async () => broker.truncate({ topic, partition }, end);
  },
  addPartitions: async (topic, total) => broker.addPartitions(topic, total),
  deleteTopic: async topic => broker.deleteTopic(topic),
  forgetGroup: async groupId => broker.expireOffsets(groupId),
  outage: () => broker.faults.down(),
  endOutage: () => broker.faults.up(),
});
