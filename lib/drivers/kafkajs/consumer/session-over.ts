/** Ends a kafkajs consumer that is no longer ours: not retriable, so that nothing is tried again (src/retry/index.js). */
export function sessionOver(): Error {
  return Object.assign(new Error('the consumer was stopped or replaced'), { retriable: false });
}
