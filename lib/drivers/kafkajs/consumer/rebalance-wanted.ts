/** What kafkajs's runner takes for a rebalance (src/errors.js, isRebalancing): it stops the fetchers and joins. */
export function rebalanceWanted(): Error {
  return Object.assign(new Error('joining again'), { type: 'REBALANCE_IN_PROGRESS', retriable: false });
}
