/** `kafka-rx/memory`: an embedded Kafka cluster and the driver that connects to it. */
export type { BrokerFaults } from './broker-faults.js';
export { type MemoryOptions, memory } from './memory.js';
export {
  type BrokerMember,
  type BrokerTransaction,
  MemoryBroker,
  type MemoryBrokerOptions,
  type PublishedRecord,
  type PublishRecord,
  type StoredRecord,
} from './memory-broker.js';
export type { ProduceScope } from './scripted-faults.js';
export type { HeldCommit } from './undecided-commits.js';
