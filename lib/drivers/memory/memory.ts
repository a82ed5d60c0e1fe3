import type { Clock } from '../../base/clock.js';
import { clock as clockKind, having } from '../../base/option-kinds.js';
import { checkOptions, type Fields } from '../../base/option-schema.js';
import { KafkaRxError } from '../../errors/errors.js';
import type { Driver } from '../port.js';
import { MemoryBroker } from './memory-broker.js';
import { MemoryConnection } from './memory-connection.js';

/** @category Drivers @since 0.1.0 */
export interface MemoryOptions {
  /** The cluster to connect to. Default: a new, empty one. */
  readonly broker?: MemoryBroker | undefined;
  /** The new cluster's clock; a given broker has its own. Default: the machine's clock. */
  readonly clock?: Clock | undefined;
}

export const memoryOptions: Fields<MemoryOptions> = {
  broker: having('a MemoryBroker', 'createTopic', 'publish'),
  clock: clockKind,
};

/**
 * The driver for an embedded cluster: for demos, tests and development. It acknowledges and delivers in deferred turns
 * of the broker's clock and makes no promise on the way of a record, so that on a virtual clock a test runs a whole
 * topology synchronously.
 *
 * @throws KafkaRxError `CONFIGURATION` for options that cannot be, and when given a broker and another clock than the broker's
 * @category Drivers @since 0.1.0
 */
export function memory(options: MemoryOptions = {}): Driver {
  checkOptions('memory', memoryOptions, options);
  const { broker, clock } = options;
  if (broker !== undefined && clock !== undefined && clock !== broker.cluster.clock) {
    throw new KafkaRxError('CONFIGURATION', 'The broker runs on another clock than the one given', {
      remedy: 'Give the clock to the broker only: `new MemoryBroker({ clock })`.',
    });
  }
  const { cluster } = broker ?? new MemoryBroker({ clock });
  return {
    name: 'memory',
    clock: cluster.clock,
    async connect(context) {
      cluster.requireReachable();
      return new MemoryConnection(cluster, context);
    },
  };
}
