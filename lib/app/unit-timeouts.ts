import { longestDeliveryMs } from '../base/longest-delivery-ms.js';
import { KafkaRxError } from '../errors/errors.js';
import { defaults } from './defaults.js';

/** Of the options of an app, those that say how long something may take. */
interface Timeouts {
  readonly guarantee?: 'at-least-once' | 'exactly-once' | undefined;
  readonly stallTimeoutMs?: number | undefined;
  readonly transactionTimeoutMs?: number | undefined;
  readonly producer?: { readonly deliveryTimeoutMs?: number | undefined } | undefined;
}

/** Of the transaction's time; in what is left of it the unit is committed, or the app ends. */
const share = 0.8;

const longestOf = (options: Timeouts): number => transactionTimeoutOf(options) * share;

/** Milliseconds that a unit of work has from its first record on. */
export function transactionTimeoutOf({
  transactionTimeoutMs = defaults.transactionTimeoutMs,
}: Timeouts): number {
  return transactionTimeoutMs;
}

/** After a transaction's time: brokers look every 10 s for those that are over, and then tell each partition that has records of one. */
const markersMs = 30_000;

/** Milliseconds within which a transaction of whichever member ends, also where that one is gone, and its partitions have heard of it. */
export function decidedWithinMs(options: Timeouts): number {
  return transactionTimeoutOf(options) + markersMs;
}

/** Under exactly once what has not settled before the brokers abort its unit never will: sooner than they, the app says so. */
export function stallTimeoutOf(options: Timeouts): number {
  const { guarantee, stallTimeoutMs } = options;
  return stallTimeoutMs ?? (guarantee === 'exactly-once' ? longestOf(options) : defaults.stallTimeoutMs);
}

/** What is to be raised where work takes longer than `stallTimeoutOf` says: under exactly once `stallTimeoutMs` goes no higher by itself than it is refused. */
export function raisedAgainstStall(options: Timeouts): string {
  const { guarantee, stallTimeoutMs } = options;
  if (guarantee !== 'exactly-once') return 'stallTimeoutMs';
  if (stallTimeoutMs === undefined) return 'transactionTimeoutMs';
  const longestMs = longestOf(options);
  return stallTimeoutMs < longestMs
    ? `stallTimeoutMs (above ${longestMs} ms with transactionTimeoutMs)`
    : 'transactionTimeoutMs and stallTimeoutMs';
}

/**
 * Refuses to wait under exactly once for what the brokers abort meanwhile.
 *
 * @throws `CONFIGURATION`, naming both timeouts
 */
export function checkUnitTimeouts(caller: string, options: Timeouts): void {
  if (options.guarantee !== 'exactly-once') return;
  const { stallTimeoutMs, producer } = options;
  const transactionTimeoutMs = transactionTimeoutOf(options);
  const bounds = [
    ['stallTimeoutMs', stallTimeoutMs, longestOf(options), 'four fifths'],
    [
      'producer.deliveryTimeoutMs',
      producer?.deliveryTimeoutMs,
      longestDeliveryMs(transactionTimeoutMs),
      'two thirds',
    ],
  ] as const;
  for (const [name, ms, longestMs, told] of bounds) {
    if (ms === undefined || ms <= longestMs) continue;
    const leastMs = Math.ceil((ms * transactionTimeoutMs) / longestMs);
    const raised =
      leastMs <= longestTransactionMs ? ` or set transactionTimeoutMs to ${leastMs} or more,` : '';
    throw new KafkaRxError(
      'CONFIGURATION',
      `${caller}: under guarantee 'exactly-once' ${name} can be ${longestMs} at most, ${told} of transactionTimeoutMs ` +
        `(${transactionTimeoutMs}), and is ${ms}: the brokers would have aborted by then what it waits for`,
      { remedy: `Lower it,${raised} or leave it out` },
    );
  }
}

/** What brokers take by default. */
export const longestTransactionMs = 900_000;
