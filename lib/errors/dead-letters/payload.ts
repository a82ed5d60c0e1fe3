import { defaults } from '../../app/defaults.js';
import type { SourceRecord } from '../../drivers/port.js';
import { HiddenTexts } from './hidden-texts.js';
import type { OriginalCoordinates } from './letter.js';
import type { DeadLetterPayload } from './options.js';
import { redactedJson, redactedKey, redactedText } from './redacted-json.js';
import { seal, secretKey } from './sealed.js';

/** What a dead letter holds of its record, and how: told in its header `payload`. */
export interface Payload {
  readonly kind: 'redacted' | 'encrypted' | 'none';
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** The place inside the value: names of fields come from the record and may be anything. */
  readonly path?: string | undefined;
}

/** @param path of the error, as it is */
export type PayloadOf = (source: SourceRecord, at: OriginalCoordinates, path: string | undefined) => Payload;

/** Coordinates only: neither key nor value nor headers of the record. */
export function nothing(path: string | undefined): Payload {
  return { kind: 'none', key: null, value: null, path: path && redactedText(path) };
}

/**
 * @param masks paths of the value that the topology masks
 * @param maxRecordBytes of the producer: a tenth of it is left to the letter's headers
 * @throws `CONFIGURATION` for a key that cannot be
 */
export function payloadMaker(
  option: DeadLetterPayload,
  masks: () => readonly string[],
  maxRecordBytes: number = defaults.producer.maxRecordBytes,
): PayloadOf {
  const room = Math.min(defaults.deadLetters.maxPayloadBytes, Math.floor(maxRecordBytes * 0.9));
  if (option === 'none') return (_source, _at, path) => nothing(path);
  if (option === 'redacted') {
    return ({ key, value }, _at, path) => {
      // Asked each time: more may be masked by now, inside a pipe made while records flow.
      const names = new Set(masks().map(lastName));
      const hidden = new HiddenTexts();
      const copy = redactedJson(value, names, hidden);
      const beside = { ...nothing(path), path: path && hidden.hide(path, redactedText(path)) };
      return fitting(room, 'redacted', redactedKey(key, names, hidden), copy, beside);
    };
  }
  const secret = secretKey(option.encrypt.key);
  return (source, at, path) => fitting(room, 'encrypted', null, seal(source, at, secret), nothing(path));
}

/** Of `items.*.card`, `card`: what could not be read need not have the shape that the path is of. */
function lastName(path: string): string {
  return path.split('.').findLast(segment => segment !== '*') ?? '';
}

/**
 * All of it or nothing: a key beside a value of which nobody can say what it holds may hold the same. And a payload that no
 * broker would take must not keep the dead letter from being written.
 */
function fitting(
  room: number,
  kind: Payload['kind'],
  key: Buffer | null,
  value: Buffer | undefined,
  otherwise: Payload,
): Payload {
  if (value === undefined || (key?.length ?? 0) + value.length > room) return otherwise;
  return { ...otherwise, kind, key, value };
}
