/**
 * The sink guard: looks at what a sink is about to write and refuses what its rules forbid, so that a card number that
 * slipped past the types is stopped before it is written. It fails closed: what it cannot read, it refuses.
 */

import type { MaskedField } from '../../app/topology/graph.js';
import { containsCardNumber } from '../../card/scan.js';
import { KafkaRxError } from '../../errors/errors.js';
import type { KafkaRecord } from '../../record/record.js';

/** @category Privacy @since 0.1.0 */
export interface GuardOptions {
  /**
   * Paths (such as `cardNumber`, `payment.card`) that no sink may write unmasked. Those that a `mask` operator of the
   * topology masks are added by themselves.
   */
  readonly fields?: readonly string[] | undefined;
  /**
   * Also searches every key, value, header and document for card numbers: all that `redact` would mask in them.
   * Default false: it costs about two microseconds for each 300 bytes.
   */
  readonly scan?: boolean | undefined;
}

/** What a sink asks before it writes. */
export interface Guard {
  /** Whether bytes are searched: otherwise they need not be shown. */
  readonly scans: boolean;
  /** Throws `GUARD` when a protected field of the value is not masked. */
  checkValue(value: unknown, record: KafkaRecord, sink: string): void;
  /** Throws `GUARD` when the bytes hold a card number; does nothing unless scanning. */
  checkBytes(bytes: Buffer | null, what: 'key' | 'value' | 'header', record: KafkaRecord, sink: string): void;
  /** Throws `GUARD` when a document holds a card number or cannot be searched; does nothing unless scanning. */
  checkDocument(value: unknown, record: KafkaRecord, sink: string): void;
}

/** @param fields where one path is masked in several ways, any of them will do */
export function createGuard(fields: readonly MaskedField[], scan: boolean): Guard {
  const paths = [...new Set(fields.map(({ path }) => path))].map(field => ({
    field,
    holds: checkOf(field.split('.'), [
      ...new Set(fields.filter(({ path }) => path === field).map(one => one.isMasked)),
    ]),
  }));
  return {
    scans: scan,
    checkValue(value, record, sink) {
      for (const { field, holds } of paths)
        if (!holds(value)) throw refused(`the field '${field}' unmasked`, record, sink, field);
    },
    checkBytes(bytes, what, record, sink) {
      if (scan && bytes !== null && containsCardNumber(bytes)) {
        throw refused(`a card number in the ${what}`, record, sink, undefined);
      }
    },
    checkDocument(value, record, sink) {
      if (!scan) return;
      const text = asText(value);
      if (text === undefined) throw refused('a document that cannot be searched', record, sink, undefined);
      if (containsCardNumber(Buffer.from(text)))
        throw refused('a card number in the document', record, sink, undefined);
    },
  };
}

type IsMasked = (text: string) => boolean;

/** Whether what a value has at a path is masked in one of several ways, or there is nothing. */
function checkOf(segments: readonly string[], ways: readonly IsMasked[]): (value: unknown) => boolean {
  // Several sinks are handed the one value: the text found masked last is not asked about again.
  let lastMasked = '';
  const isMasked = (text: string): boolean => {
    if (text === lastMasked) return true;
    // A loop: a function that captured the text would have it on the heap for each record.
    for (const isMaskedThisWay of ways) {
      if (!isMaskedThisWay(text)) continue;
      lastMasked = text;
      return true;
    }
    return false;
  };
  const [segment = ''] = segments;
  if (segments.length > 1 || segment === '*') return value => isMaskedAt(value, segments, 0, isMasked);
  return value => {
    // The usual case without a walk: a field at the top, not there or seen just before.
    if (typeof value === 'object' && value !== null) {
      const inner = (value as Readonly<Record<string, unknown>>)[segment];
      if (inner === undefined || inner === lastMasked) return true;
    }
    return isMaskedAt(value, segments, 0, isMasked);
  };
}

function isMaskedAt(value: unknown, segments: readonly string[], depth: number, isMasked: IsMasked): boolean {
  if (value === undefined || value === null) return true;
  const segment = segments[depth];
  if (segment === undefined) {
    if (typeof value === 'string') return isMasked(value);
    // A number could be the card itself; objects here never were.
    return typeof value !== 'number' || isMasked(String(value));
  }
  if (typeof value !== 'object') return true;
  if (segment === '*')
    return !Array.isArray(value) || value.every(item => isMaskedAt(item, segments, depth + 1, isMasked));
  // Read first: most values have no such field, and asking whether one is its own costs more than reading it.
  const inner = (value as Record<string, unknown>)[segment];
  return isMaskedAt(inner, segments, depth + 1, isMasked) || !Object.hasOwn(value, segment);
}

/** A document as a store would write it; undefined where it has no text, such as for a circle. */
function asText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return undefined;
  }
}

function refused(what: string, record: KafkaRecord, sink: string, path: string | undefined): KafkaRxError {
  return new KafkaRxError('GUARD', `'${sink}' was about to write ${what}`, {
    at: record,
    path,
    remedy: 'Put mask before this sink, or leave the field out of what it writes',
  });
}
