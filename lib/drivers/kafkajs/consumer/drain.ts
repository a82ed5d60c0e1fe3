import { within } from '../../../base/clock.js';
import { drainBoundMs } from '../../../base/drain-bound-ms.js';
import type { AssignedPartition, ConsumerListener, ConsumerOptions, DriverContext } from '../../port.js';
import { kindOf } from '../errors.js';

export interface DrainContext {
  readonly driver: DriverContext;
  readonly options: ConsumerOptions;
  readonly listener: ConsumerListener;
  readonly heartbeatIntervalMs: number;
}

/**
 * Tells the app that these are about to be lost, and resolves when it has let go, when `cutShort` resolves (the group
 * went on without us), or when the rebalance timeout leaves no more time. `revoking` is called before this returns.
 */
export async function drain(
  { driver, options, listener, heartbeatIntervalMs }: DrainContext,
  partitions: readonly AssignedPartition[],
  cutShort: Promise<void>,
): Promise<void> {
  const boundMs = drainBoundMs(options.rebalanceTimeoutMs, heartbeatIntervalMs);
  const drained = listener.revoking(partitions, boundMs).catch(error => {
    // The app fails by itself; the group must not wait for one that failed.
    driver.logger.warn({ reason: kindOf(error) }, 'a drain failed: the partitions are given up all the same');
  });
  const end = await within(driver.clock, Promise.race([drained, cutShort]), boundMs);
  if (end !== 'late') return;
  driver.logger.warn(
    { partitions: partitions.length, boundMs },
    'drain was cut off by the rebalance timeout',
  );
}
