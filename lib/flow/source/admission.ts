import { isReserved, replayPrefix, textsOf } from '../../errors/dead-letters/headers.js';
import { type LetterPosition, positionIn } from '../../errors/dead-letters/letter.js';
import type { Headers } from '../../record/headers.js';

/**
 * What becomes of a replayed record that names the app and the node it is for.
 *
 * - `'directed'`: it goes to that node and what is below it; all else passes it by, and another app the whole record.
 *   What stores keep of it replaces what they kept of the record that it stands for.
 * - `'everywhere'`: its order is not followed; the whole topology takes it, as any record.
 */
export type ReplayTrust = 'directed' | 'everywhere';

/** What the source makes of a record's headers. */
export interface Admission {
  /** Without those whose names are ours: in an input they are forged, or were for the source alone. */
  readonly headers: Headers;
  /** The nodes that pass the record by; undefined: none. */
  readonly passing: ReadonlySet<string> | 'all' | undefined;
  /** The record that it stands for, and the node that it is replayed for; undefined for one that stands for itself. */
  readonly replay?: { readonly of: LetterPosition; readonly node: string | undefined } | undefined;
}

/** What admission asks of the app. */
export interface AdmissionParts {
  readonly app: string;
  readonly trust: ReplayTrust;
  /** The nodes that certainly get nothing from this one; undefined for a node that there is not. */
  passing(node: string): ReadonlySet<string> | undefined;
}

export function admit(headers: Headers, { app, trust, passing }: AdmissionParts): Admission {
  if (!headers.some(isReserved)) return { headers, passing: undefined };
  const order = textsOf(replayPrefix, headers);
  const rest = headers.filter(header => !isReserved(header));
  const node = order.get('node');
  if (trust === 'everywhere') return { headers: rest, passing: undefined };
  const of = positionIn(order.get('record'), order.get('origin'));
  const replay = of && { of, node };
  if (node === undefined) return { headers: rest, passing: undefined, replay };
  if (order.get('app') !== app) return { headers: rest, passing: 'all' };
  return { headers: rest, passing: passing(node), replay };
}
