import type { ReplayTarget } from '../../app/topology/ways.js';
import { isReserved, replayPrefix, textsOf } from '../../errors/dead-letters/headers.js';
import { type LetterPosition, positionIn } from '../../errors/dead-letters/letter.js';
import { redactedText } from '../../errors/dead-letters/redacted-json.js';
import { type Coordinates, KafkaRxError } from '../../errors/errors.js';
import type { Headers } from '../../record/headers.js';
import type { Problem } from '../leases/delivery.js';

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
  /** The record that it stands for, and what names the node that it is replayed for; undefined for one that stands for itself. */
  readonly replay?: { readonly of: LetterPosition; readonly node: string | undefined } | undefined;
  /** It is for a node that nobody can find, or that it would not come to uncounted: it becomes a dead letter again. */
  readonly unfound?: Unfound | undefined;
}

interface Unfound {
  readonly node: string;
  readonly way: string | undefined;
  /** Nodes that it may be; 0: none. */
  readonly alike: number;
  /** The state above it. */
  readonly state: string | undefined;
}

/** What admission asks of the app. */
export interface AdmissionParts {
  readonly app: string;
  readonly trust: ReplayTrust;
  /** Whether there is a topic for what cannot be admitted; otherwise every node takes it. */
  readonly setsAside: boolean;
  target(node: string, way: string | undefined): ReplayTarget;
  /** The nodes that certainly get nothing from the one with this id; undefined where that is not sure of any. */
  passing(id: string): ReadonlySet<string> | undefined;
}

export function admit(
  headers: Headers,
  { app, trust, setsAside, target, passing }: AdmissionParts,
): Admission {
  if (!headers.some(isReserved)) return { headers, passing: undefined };
  const order = textsOf(replayPrefix, headers);
  const rest = headers.filter(header => !isReserved(header));
  const [node, way] = [order.get('node'), order.get('way')];
  if (trust === 'everywhere') return { headers: rest, passing: undefined };
  const of = positionIn(order.get('record'), order.get('origin'));
  const replay = of && { of, node };
  if (node === undefined) return { headers: rest, passing: undefined, replay };
  if (order.get('app') !== app) return { headers: rest, passing: 'all' };
  const found = target(node, way);
  if (found.kind === 'node') {
    // A name of its own is what an earlier version wrote for it; without a way, that is all there is.
    const part = way === undefined ? node : found.part;
    return { headers: rest, passing: passing(found.id), replay: of && { of, node: part } };
  }
  // Where it cannot be set aside either, nobody counts it again.
  if (found.kind === 'counted' && !setsAside) return { headers: rest, passing: 'all' };
  if (found.kind === 'unknown' || !setsAside) return { headers: rest, passing: undefined, replay };
  const isCounted = found.kind === 'counted';
  const unfound = {
    node: said(node),
    way: way === undefined ? undefined : said(way),
    alike: isCounted ? 1 : found.alike.length,
    state: isCounted ? found.state : undefined,
  };
  return { headers: rest, passing: undefined, unfound };
}

/** A replayed record that is for a node that is not there, for one of several, or for one below a state: as a problem of it, which sets it aside again. */
export function withoutTarget(
  { node, way, alike, state }: Unfound,
  { topic, partition, offset }: Coordinates,
): Problem {
  const why =
    state !== undefined
      ? `the state '${state}' is above it, which has taken the record already`
      : alike > 1
        ? `${alike} nodes may be meant`
        : 'there is no such node';
  return {
    stage: 'process',
    node,
    error: new KafkaRxError(
      'REPLAY_TARGET',
      `A record was replayed for '${node}', and ${why}: it is set aside again`,
      {
        at: { topic, partition, offset },
        remedy: state === undefined ? nameIt : leaveIt,
      },
    ),
    verdict: 'dead-letter',
    target: { way, alike },
  };
}

const nameIt =
  'Give the operator that failed a name ({ name }) and replay its dead letter for that, by replayHeaders with { app, node }; or for ' +
  'everyone, with undefined';

const leaveIt =
  'Leave it: what the state has of its key comes to the node with the next record of the key. For everyone, with undefined, the state would ' +
  'count it a second time';

/** What a header names may be anything, and as long as a record. */
function said(text: string): string {
  return redactedText(text.slice(0, longest));
}

const longest = 1000;
