/**
 * The sink guard: looks at what a sink is about to write and refuses what its rules forbid, so that a card number that
 * slipped past the types is stopped before it is written. It fails closed: what it cannot read, it refuses.
 */

import { isUint8Array } from 'node:util/types';
import { flag, list } from '../../base/option-kinds.js';
import type { Fields } from '../../base/option-schema.js';
import type { MaskedField } from '../../card/masked-field.js';
import { compilePath } from '../../card/path.js';
import { pathKind } from '../../card/path-kind.js';
import type { ProtectedField } from '../../card/protected-field.js';
import { containsCardNumber } from '../../card/scan.js';
import { scanDocument } from '../../card/scan-document.js';
import type { Codec } from '../../codecs/codec.js';
import { guardedEncode, UnmaskedField } from '../../codecs/declared.js';
import { lookAtBytes, lookAtValue } from '../../codecs/guarded-json.js';
import { KafkaRxError } from '../../errors/errors.js';
import { isInstance } from '../../errors/is-instance.js';
import type { Headers } from '../../record/headers.js';
import type { KafkaRecord } from '../../record/record.js';
import type { WriteGuard } from '../../stores/port.js';
import { remedyBeside } from './beside-value.js';
import { flatOf, isFlatAndMasked } from './flat-document.js';
import { lookBeside } from './look-beside.js';
import { createWriteGuard } from './write-guard.js';

/** @category Privacy @since 0.1.0 */
export interface GuardOptions {
  /**
   * Paths (such as `cardNumber`, `payment.card`) that no sink may write unmasked. Those that a `mask` operator of the
   * topology masks are added by themselves. A path that no codec of the app declares is refused by `run()` with
   * `CONFIGURATION`, where all of its codecs tell what they declare.
   */
  readonly fields?: readonly string[] | undefined;
  /**
   * Paths, from the root of what is written, at which something else stands that is named as a masked field is, such as an
   * order's number of 14 digits. What is masked is looked for at its own path and under its name wherever that stands; at
   * these it is not. A path that is masked stays so. One that no sink and no store of the app declares is refused by `run()` with
   * `CONFIGURATION`, where all of them tell what they declare: with a codec of the user's, `string` or `bytes` it cannot be
   * checked. Default: none.
   */
  readonly allow?: readonly string[] | undefined;
  /**
   * Also searches every key, value, header and document for card numbers: all that `redact` would mask in them. What cannot
   * be searched (in a document a Proxy, an accessor, a circle, or what may hold more than its fields show, such as an instance
   * with a `#private`) is refused. Default false: it costs about two microseconds for each 300 bytes.
   */
  readonly scan?: boolean | undefined;
}

export const guardOptions: Fields<GuardOptions> = {
  fields: list(pathKind),
  allow: list(pathKind),
  scan: flag,
};

/** What a sink asks before it writes. */
export interface Guard {
  /** Whether anything is guarded: otherwise nothing need be shown. */
  readonly guards: boolean;
  /** Whether bytes are searched: otherwise they need not be shown. */
  readonly scans: boolean;
  /**
   * How a topic sink encodes: the codec's own `encode`, or one that throws {@link UnmaskedField} in its place. A codec of
   * ours looks at what it writes, each field read once; with one of the user's the value is looked at, of which none passes
   * that may answer differently the next time, and what it writes where that is JSON.
   *
   * @param lent the bytes are copied before another value is encoded; default: they stay
   */
  encoder<V>(codec: Codec<V>, lent?: boolean): (value: V) => Buffer | null;
  /**
   * Throws {@link UnmaskedField} for a protected field in a key or header: in JSON, in a header of its name, or as the card's
   * number of which the value shows the masked form; a timestamp beyond any date is looked at as such a number.
   */
  checkBeside(key: Buffer | null, value: Buffer | null, headers: Headers, timestamp: number): void;
  /** Throws `GUARD` when the bytes hold a card number; does nothing unless scanning. */
  checkBytes(
    bytes: Buffer | null,
    what: 'key' | 'value' | 'header' | 'timestamp',
    record: KafkaRecord | undefined,
    sink: string,
  ): void;
  /**
   * Throws `GUARD` for a document, which the store keeps or encodes as it is, with a protected field that is not masked or
   * is computed; when scanning, also for one that holds a card number or cannot be searched.
   */
  checkDocument(value: unknown, record: KafkaRecord, sink: string): void;
  /** For stores, of what they make of a document; undefined where nothing is guarded. */
  readonly forStores: WriteGuard | undefined;
}

/**
 * @param fields each path once
 * @param allow see {@link GuardOptions}
 * @throws `CONFIGURATION` for what is no path
 */
export function createGuard(
  fields: readonly MaskedField[],
  scan: boolean,
  allow: readonly string[] = [],
): Guard {
  const free = allow.map(path => compilePath(path).segments);
  const guarded = fields.map(field => protectedField(field, free));
  const flat = flatOf(guarded);
  const encoder = <V>(codec: Codec<V>, lent = false): ((value: V) => Buffer | null) => {
    const under = guardedEncode(codec);
    if (under !== undefined) return under(guarded, lent);
    if (guarded.length === 0) return codec.encode.bind(codec);
    return value => {
      lookAtValue(value, guarded, 'value');
      const bytes = codec.encode(value);
      // Of what it makes of a value nothing is known, but JSON can be read.
      if (isUint8Array(bytes)) lookAtBytes(bytes, guarded);
      return bytes;
    };
  };
  const guards = guarded.length > 0 || scan;
  return {
    guards,
    scans: scan,
    encoder,
    forStores: guards ? createWriteGuard(guarded, scan, codec => encoder(codec)) : undefined,
    checkBeside(key, value, headers, timestamp) {
      if (guarded.length > 0) lookBeside(key, value, headers, timestamp, guarded);
    },
    checkBytes(bytes, what, record, sink) {
      if (scan && bytes !== null && containsCardNumber(bytes)) {
        const remedy = what === 'value' ? undefined : remedyBeside[what];
        throw refusedFor(`a card number in the ${what}`, record, sink, undefined, remedy);
      }
    },
    checkDocument(value, record, sink) {
      if (guarded.length > 0) {
        const known = typeof value === 'object' && value !== null && isFlatAndMasked(value, guarded, flat);
        if (!known) lookClosely(value, guarded, record, sink);
      }
      if (!scan) return;
      const found = scanDocument(value);
      if (found === 'clear') return;
      const what = found === 'card' ? 'a card number in the document' : 'a document that cannot be searched';
      throw refusedFor(what, record, sink, undefined);
    },
  };
}

function protectedField(
  { path, card, isMasked, masksOf }: MaskedField,
  allow: ProtectedField['allow'],
): ProtectedField {
  const { segments } = compilePath(path);
  const names = segments.filter(segment => segment !== '*');
  const name = names.at(-1);
  const plain = name !== undefined && /^[\w$ -]+$/.test(name);
  return {
    path,
    segments,
    name,
    plain,
    card,
    strict: names.length === 1,
    allow,
    isMasked,
    masksOf: card ? undefined : masksOf,
  };
}

/** In a function of its own: the usual document passes without. */
function lookClosely(
  value: unknown,
  fields: readonly ProtectedField[],
  record: KafkaRecord,
  sink: string,
): void {
  try {
    lookAtValue(value, fields, 'document');
  } catch (error) {
    throw isInstance(error, UnmaskedField) ? unmasked(error, record, sink) : error;
  }
}

/** @internal The `GUARD` error of a field that was about to be written. */
export function unmasked(
  { path, what, remedy }: UnmaskedField,
  record: KafkaRecord | undefined,
  sink: string,
): KafkaRxError {
  return refusedFor(what, record, sink, path, remedy);
}

function refusedFor(
  what: string,
  record: KafkaRecord | undefined,
  sink: string,
  path: string | undefined,
  remedy = 'Put mask before this sink, or leave the field out of what it writes',
): KafkaRxError {
  return new KafkaRxError('GUARD', `'${sink}' was about to write ${what}`, {
    at: record,
    path,
    remedy,
  });
}
