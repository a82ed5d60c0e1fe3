import { disregard } from '../../base/disregard.js';
import { bytes, required, whole } from '../../base/option-kinds.js';
import { checkArgument, shown } from '../../base/option-schema.js';
import { KafkaRxError } from '../../errors/errors.js';

const keyKind = required(bytes);
const partitionsKind = required(whole(1));

const seed = 0x9747b28c;
const multiplier = 0x5bd1e995;

/**
 * Java's murmur2, bit for bit: `org.apache.kafka.common.utils.Utils.murmur2`, a signed 32 bit integer. What decides
 * that a key written here lands where a Java producer puts it.
 *
 * @category Sinks @since 0.1.0
 */
export function murmur2(key: Buffer): number {
  checkArgument('murmur2', 'the key', keyKind, key);
  return hashOf(key);
}

/** Unchecked: what a sink writes was looked at before. */
function hashOf(key: Buffer): number {
  const length = key.length;
  const whole = length & ~3;
  let hash = seed ^ length;
  for (let i = 0; i < whole; i += 4) {
    let k = word(key, i);
    k = Math.imul(k, multiplier);
    k ^= k >>> 24;
    k = Math.imul(k, multiplier);
    hash = Math.imul(hash, multiplier) ^ k;
  }
  const rest = length - whole;
  if (rest >= 3) hash ^= byte(key, whole + 2) << 16;
  if (rest >= 2) hash ^= byte(key, whole + 1) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ byte(key, whole), multiplier);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, multiplier);
  hash ^= hash >>> 15;
  return hash | 0;
}

function word(key: Buffer, at: number): number {
  return byte(key, at) | (byte(key, at + 1) << 8) | (byte(key, at + 2) << 16) | (byte(key, at + 3) << 24);
}

function byte(key: Buffer, at: number): number {
  return key[at] ?? 0;
}

/**
 * The partition that Kafka's default partitioner gives a key: murmur2 with its sign bit cleared, modulo the number of
 * partitions.
 *
 * @param partitions the topic's number of partitions, at least 1
 * @category Sinks @since 0.1.0
 */
export function partitionForKey(key: Buffer, partitions: number): number {
  checkArgument('partitionForKey', 'the key', keyKind, key);
  checkArgument('partitionForKey', 'partitions', partitionsKind, partitions);
  return partitionOf(key, partitions);
}

function partitionOf(key: Buffer, partitions: number): number {
  return (hashOf(key) & 0x7fffffff) % partitions;
}

/**
 * Chooses the partition of each record of one topic.
 *
 * @param key the encoded key, or null
 * @param bytes the record's size in bytes, key, value and headers: what fills the sticky partition's batch
 * @category Sinks @since 0.1.0
 */
export type Partitioner = (key: Buffer | null, bytes: number) => number;

/** Bytes without a key that go to one partition before the next is chosen: Kafka's default `batch.size`, 16 KiB. */
export const stickyBatchBytes = 16_384;

const none: readonly number[] = [];
const allAvailable = (): readonly number[] => none;

/**
 * Kafka's default partitioner for one topic. A key decides by its hash. Records without a key stick to one partition
 * until {@link stickyBatchBytes} went there, the last record included, and then go to another at random, so that they
 * fill batches and are spread evenly all the same (KIP-480, and KIP-794 for counting bytes rather than batches). An
 * empty key is a key.
 *
 * Records without a key go to partitions that have a leader, and leave one that has lost it, as long as any has (Java's
 * `BuiltInPartitioner`): elsewhere they would wait for one, and fail in the end. A key's partition is its own, leader or not.
 *
 * Load is not measured: Java's adaptive choice (`partitioner.adaptive.partitioning.enable`) has no counterpart.
 *
 * @param partitionCount the topic's number of partitions, asked for each record, since it may grow
 * @param random from 0 inclusive to 1 exclusive. Default `Math.random`
 * @param available the partitions that have a leader; none where that is not known, and the default. Asked for each record without a
 * key: another array only where they may have changed
 * @category Sinks @since 0.1.0
 */
export function createPartitioner(
  partitionCount: () => number,
  random: () => number = Math.random,
  available: () => readonly number[] = allAvailable,
): Partitioner {
  let led = none;
  let sticky = -1;
  let written = 0;
  return (key, bytes) => {
    const partitions = partitionCount();
    if (!(partitions >= 1)) {
      throw new KafkaRxError('PRODUCE', 'the topic has no partition to write to', {
        remedy: 'Create the topic first',
      });
    }
    if (key !== null) return partitionOf(key, partitions);
    const now = available();
    if (now !== led) {
      led = now;
      if (led.length > 0 && sticky >= 0 && !led.includes(sticky)) {
        written = 0;
        sticky = -1;
      }
    }
    // A topic that was created anew may have fewer partitions than it had.
    if (sticky < 0 || sticky >= partitions) sticky = another(-1, partitions, led, random);
    const chosen = sticky;
    written += bytes;
    if (written >= stickyBatchBytes) {
      written = 0;
      sticky = another(chosen, partitions, led, random);
    }
    return chosen;
  };
}

/** What a function of the user's gives; anything else would name a partition that there is not. */
function drawn(random: () => number): number {
  const given: unknown = random();
  if (typeof given === 'number' && given >= 0 && given < 1) return given;
  disregard(given);
  throw new KafkaRxError('CONFIGURATION', `The option random gave ${shown(given)}`, {
    remedy: 'Have it give numbers from 0 inclusive to 1 exclusive, as Math.random does',
  });
}

/** Each of the others with the same chance: of those with a leader, or of all where none has. */
function another(current: number, partitions: number, led: readonly number[], random: () => number): number {
  const there = led.length === 0 ? led : led.filter(partition => partition < partitions);
  const among = there.length > 0 ? there : Array.from({ length: partitions }, (_, partition) => partition);
  const others = among.filter(partition => partition !== current);
  if (others.length === 0) return among[0] ?? 0;
  return others[Math.floor(drawn(random) * others.length)] ?? current;
}
