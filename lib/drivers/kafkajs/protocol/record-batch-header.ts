import { type Coordinates, KafkaRxError } from '../../../errors/errors.js';
import { ByteReader } from './byte-reader.js';
import { crc32c } from './crc32c.js';
import { pastTheBatch } from './past-the-batch.js';

/** What a batch says of itself, and its records, which are compressed unless the codec is 0. */
export interface BatchHeader {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly codec: number;
  readonly isControl: boolean;
  readonly isTransactional: boolean;
  /** Of the leader that wrote it. */
  readonly leaderEpoch: number;
  readonly baseTimestamp: number;
  /** The broker's time where the topic keeps that, which then holds for every record of the batch. */
  readonly appendTime: number | undefined;
  readonly producerId: bigint;
  readonly count: number;
  readonly records: Buffer;
}

/** Where a batch lies in an answer. */
export interface BatchPlace {
  readonly set: Buffer;
  readonly begin: number;
  readonly end: number;
  /** Whether nothing before it was wanted, so that it may begin before what is. */
  readonly leads: boolean;
}

const headerBytes = 61;
const lengthAt = 8;
/** What the length counts from. */
const lengthEnd = 12;
const magicAt = 16;
const currentMagic = 2;
const checksumAt = 17;
/** Where the part that the checksum covers begins. */
const checkedFrom = 21;
const codecMask = 0x07;
const appendTimeMask = 0x08;
const transactionalMask = 0x10;
const controlMask = 0x20;

/** Where the batch that begins there ends, by its own word; infinite where not even its header is whole. */
export function endOfBatch(set: Buffer, at: number): number {
  if (at + headerBytes > set.length) return Number.POSITIVE_INFINITY;
  const length = set.readInt32BE(at + lengthAt);
  // Too short for a batch is refused when it is read.
  return at + Math.max(headerBytes, lengthEnd + length);
}

/**
 * Reads a whole batch's header, and believes nothing of it before the checksum was right: of damaged bytes records would come
 * out that nobody wrote, or none of those that somebody did. Java's consumer does so by default.
 *
 * The checksum covers neither offset, length nor format. A wrong length makes it wrong all the same. A wrong offset shows by
 * the batches before and behind, since those of a log follow each other; at the edges of an answer it may pass.
 *
 * @param at where its first record that is wanted lies, at the earliest
 * @throws `DRIVER` with coordinates
 */
export function readBatchHeader({ set, begin, end, leads }: BatchPlace, at: Coordinates): BatchHeader {
  const batch = set.subarray(begin, end);
  const magic = batch.readInt8(magicAt);
  if (magic === 0 || magic === 1) throw oldFormat(magic, at);
  if (magic !== currentMagic) throw damagedBatch('its format is none of Kafka’s', at);
  const reader = new ByteReader(batch);
  const baseOffset = reader.int64();
  reader.skip(4);
  const leaderEpoch = reader.int32();
  const where = { ...at, offset: Math.max(baseOffset, at.offset) };
  if (batch.readInt32BE(lengthAt) !== batch.length - lengthEnd)
    throw damagedBatch('its length is wrong', where);
  if (crc32c(batch.subarray(checkedFrom)) !== batch.readUInt32BE(checksumAt))
    throw damagedBatch('its checksum is wrong', where);
  reader.at = checkedFrom;
  const attributes = reader.int16();
  const lastOffset = baseOffset + reader.int32();
  const behind = end + headerBytes <= set.length ? Number(set.readBigInt64BE(end)) : undefined;
  const isWrong =
    lastOffset < at.offset
      ? behind !== lastOffset + 1
      : baseOffset < at.offset
        ? !leads
        : baseOffset > at.offset && behind !== undefined && behind <= lastOffset;
  if (isWrong) throw damagedBatch('its offset is wrong', at);
  const baseTimestamp = reader.int64();
  const maxTimestamp = reader.int64();
  const producerId = reader.id64();
  reader.skip(6);
  return {
    baseOffset,
    lastOffset,
    leaderEpoch,
    codec: attributes & codecMask,
    isControl: (attributes & controlMask) !== 0,
    isTransactional: (attributes & transactionalMask) !== 0,
    baseTimestamp,
    appendTime: (attributes & appendTimeMask) === 0 ? undefined : maxTimestamp,
    producerId,
    count: reader.int32(),
    records: batch.subarray(reader.at),
  };
}

export function damagedBatch(how: string, at: Coordinates): KafkaRxError {
  return new KafkaRxError('DRIVER', `A batch is damaged: ${how}`, {
    at,
    remedy: `Repair the topic, or ${pastTheBatch}`,
  });
}

function oldFormat(magic: number, at: Coordinates): KafkaRxError {
  return new KafkaRxError('DRIVER', `A record batch has the old message format ${magic}`, {
    at,
    remedy: 'Rewrite the topic with a client of Kafka 0.11 or later; formats 0 and 1 are not read.',
  });
}
