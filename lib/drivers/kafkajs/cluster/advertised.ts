import { connect, type Socket } from 'node:net';
import { type Clock, within } from '../../../base/clock.js';
import { KafkaRxError } from '../../../errors/errors.js';
import { fieldOf } from '../../../errors/field-of.js';
import { kindOf } from '../errors.js';

/** What the bootstrap addresses say of the cluster. */
export interface KnownCluster {
  readonly clusterId: string;
  /** `host:port` of each broker, as the brokers advertise themselves: where all else is asked. */
  readonly advertised: readonly string[];
}

export interface AdvertisedBounds {
  readonly clock: Clock;
  /** The addresses that gave the answer. */
  readonly bootstrap: readonly string[];
  /** Milliseconds that one address has. */
  readonly timeoutMs: number;
}

/**
 * Whether anybody listens where the brokers say that they are; the first one suffices, since the others may be down. A cluster that is
 * behind a port mapping, or in a network of containers, answers at the bootstrap address and names one that is known there alone: every
 * request after the first would go there for ever.
 *
 * @throws by rejection `UNREACHABLE`, naming these addresses
 */
export async function reachAdvertised(
  advertised: readonly string[],
  { clock, bootstrap, timeoutMs }: AdvertisedBounds,
): Promise<void> {
  if (advertised.length === 0) return;
  try {
    await Promise.any(advertised.map(address => knock(address, clock, timeoutMs)));
  } catch (error) {
    throw nobodyThere(advertised, bootstrap, firstOf(error));
  }
}

/** Of the AggregateError of `Promise.any`. */
function firstOf(error: unknown): unknown {
  return fieldOf(fieldOf(error, 'errors'), '0') ?? error;
}

export function nobodyThere(
  advertised: readonly string[],
  bootstrap: readonly string[],
  cause: unknown,
): KafkaRxError {
  const sent = `Kafka answers at ${bootstrap.join(', ')} and sends its clients to ${advertised.join(', ')}`;
  return new KafkaRxError('UNREACHABLE', `${sent}, where nobody does: ${kindOf(cause)}`, {
    cause,
    remedy: "Set the brokers' advertised.listeners to addresses that can be reached from here.",
    retriable: true,
  });
}

async function knock(address: string, clock: Clock, timeoutMs: number): Promise<void> {
  const colon = address.lastIndexOf(':');
  let socket: Socket | undefined;
  const open = new Promise<void>((resolve, reject) => {
    socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) }, resolve);
    socket.once('error', reject);
  });
  try {
    if ((await within(clock, open, timeoutMs)) === 'late')
      throw Object.assign(new Error(), { code: 'ETIMEDOUT' });
  } finally {
    socket?.destroy();
  }
}
