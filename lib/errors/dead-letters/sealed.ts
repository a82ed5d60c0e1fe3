import { Buffer } from 'node:buffer';
import { createCipheriv, createDecipheriv, createSecretKey, KeyObject, randomBytes } from 'node:crypto';
import { keyKind } from '../../base/key-kind.js';
import { bytes, required } from '../../base/option-kinds.js';
import { checkArgument } from '../../base/option-schema.js';
import type { SourceRecord } from '../../drivers/port.js';
import type { Headers } from '../../record/headers.js';
import { coordinatesKind } from '../../record/record-kinds.js';
import { KafkaRxError } from '../errors.js';
import type { OriginalCoordinates } from './letter.js';
import type { DeadLetterKey } from './options.js';

/** Bytes before the ciphertext: a random nonce, as NIST SP 800-38D recommends for GCM, and the tag. */
const nonceBytes = 12;
const tagBytes = 16;
const keyBytes = 32;

/** What an encrypted dead letter holds of its record. @category Dead letters @since 0.1.0 */
export interface SealedRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
}

/** @throws `CONFIGURATION` for a key that is not 32 bytes; the message does not quote it */
export function secretKey(key: DeadLetterKey): KeyObject {
  const secret = key instanceof KeyObject ? key : createSecretKey(keyBytesOf(key));
  if (secret.type === 'secret' && secret.symmetricKeySize === keyBytes) return secret;
  throw new KafkaRxError('CONFIGURATION', 'The key of the dead letters is not a secret key of 32 bytes', {
    remedy: 'Make one with: openssl rand -base64 32',
  });
}

function keyBytesOf(key: Exclude<DeadLetterKey, KeyObject>): Uint8Array {
  if (key instanceof Uint8Array) return key;
  const text = process.env[key.env];
  if (text === undefined || text === '') {
    throw new KafkaRxError(
      'CONFIGURATION',
      `The key of the dead letters: the environment has no ${key.env}`,
      {
        remedy: 'Set that variable; a key is made with: openssl rand -base64 32',
      },
    );
  }
  return Buffer.from(text, /^[0-9a-f]{64}$/i.test(text) ? 'hex' : 'base64');
}

/** Encrypts a record under its coordinates: moved to another dead letter it does not open. */
export function seal(
  { key, value, headers }: SourceRecord,
  at: OriginalCoordinates,
  secret: KeyObject,
): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', secret, nonce);
  cipher.setAAD(boundTo(at));
  const plain = JSON.stringify({
    key: inBase64(key),
    value: inBase64(value),
    headers: headers.map(header => [header.key, inBase64(header.value)]),
  });
  const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
}

/**
 * Opens the payload of an encrypted dead letter.
 *
 * @param at the coordinates of the source record with their origin, as `readDeadLetter` gives them
 * @throws `DECODE` when the key is another one, or bytes or coordinates were changed
 * @category Dead letters @since 0.1.0
 */
export function openDeadLetter(payload: Buffer, at: OriginalCoordinates, key: DeadLetterKey): SealedRecord {
  checkArgument('openDeadLetter', 'the payload', required(bytes), payload);
  checkArgument('openDeadLetter', 'at', coordinatesKind, at);
  checkArgument('openDeadLetter', 'the key', required(keyKind), key);
  const secret = secretKey(key);
  try {
    const decipher = createDecipheriv('aes-256-gcm', secret, payload.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(boundTo(at));
    decipher.setAuthTag(payload.subarray(nonceBytes, nonceBytes + tagBytes));
    const plain = Buffer.concat([decipher.update(payload.subarray(nonceBytes + tagBytes)), decipher.final()]);
    // Authenticated: it is what `seal` wrote.
    const record = JSON.parse(plain.toString()) as {
      key: string | null;
      value: string | null;
      headers: [string, string | null][];
    };
    return {
      key: fromBase64(record.key),
      value: fromBase64(record.value),
      headers: record.headers.map(([name, value]) => ({ key: name, value: fromBase64(value) })),
    };
  } catch {
    throw new KafkaRxError('DECODE', 'The payload of the dead letter does not open with this key', {
      at,
      remedy:
        'Use the key that the app encrypted it with, and `at` as readDeadLetter tells it, with its origin; bytes or coordinates may also ' +
        'have been changed',
    });
  }
}

/** A letter of an earlier version names no origin, and was bound to none. */
function boundTo({ topic, partition, offset, origin }: OriginalCoordinates): Buffer {
  const place = `kafka-rx.dead-letter/${topic}/${partition}/${offset}`;
  return Buffer.from(origin === undefined ? place : `${place}/${origin}`);
}

function inBase64(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString('base64');
}

function fromBase64(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text, 'base64');
}
