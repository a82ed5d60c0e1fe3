/** @packageDocumentation Testing topologies and operators without a broker: `kafka-rx/testing`. */
export { type DeliveredRecords, type DeliverOptions, deliver } from './deliver.js';
export { type Expect, marbles } from './marbles.js';
export { type PlainRecord, plainRecord } from './plain.js';
export type { ProcessContext } from './simulation/process-context.js';
export type { FaultKind } from './simulation/profile.js';
export {
  defaultFaults,
  type SimulatedRecord,
  type SimulateOptions,
  type SimulateReport,
  simulate,
} from './simulation/simulate.js';
export type { SimulatedTopology } from './simulation/simulated-process.js';
export type { SimulationView, WrittenInput } from './simulation/simulation-parts.js';
export { type PipedRecord, type ReadRecord, type TestApp, type TestAppOptions, testApp } from './test-app.js';
export { testRecord } from './test-record.js';
export { VirtualClock, type VirtualClockOptions } from './virtual-clock.js';
