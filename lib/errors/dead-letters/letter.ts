import { anyText, holding, required, whole } from '../../base/option-kinds.js';
import { checkArgument } from '../../base/option-schema.js';
import type { Header, Headers } from '../../record/headers.js';
import { coordinatesKind, headersKind } from '../../record/record-kinds.js';
import { type Coordinates, KafkaRxError } from '../errors.js';
import { deadLetterPrefix, isReserved, replayPrefix, textHeaders, textsOf } from './headers.js';
import { isNumbered, leadsTo } from './way-text.js';

const branchKind = holding({
  app: required(anyText),
  node: required(anyText),
  way: anyText,
  alike: whole(1),
});
const positionKind = holding({ partition: required(whole(0)), offset: required(whole(0)), origin: anyText });

/** Where a record lies, and in which of the topics that have had its topic's name. @category Dead letters @since 0.1.0 */
export interface OriginalCoordinates extends Coordinates {
  /**
   * Cluster and topic by their ids, as in the documents of stores: a topic made anew under its name is another one.
   * Undefined in a dead letter of a version that did not write it: then the record is taken to be of the topic that has the
   * name now.
   */
  readonly origin?: string | undefined;
}

/** What the headers of a dead letter tell. @category Dead letters @since 0.1.0 */
export interface DeadLetter {
  /** Where the record lies that could not be processed. */
  readonly at: OriginalCoordinates;
  /** Milliseconds since 1970, the record's own; undefined where it was not known. */
  readonly timestamp: number | undefined;
  /** The error's code. */
  readonly reason: string;
  readonly stage: string;
  /** The node of the topology that could not, as `describe()` has it: for people, since its number may be another after a restart. */
  readonly node: string;
  /**
   * The way to it from the sources to the sinks, by names alone, such as `in -> mapValue => out`: by this a replay finds it. Undefined
   * in a dead letter of a version that did not write it: then the node's name counts.
   */
  readonly way: string | undefined;
  /** How many nodes have this way; of more than one nobody can say which it was. */
  readonly alike: number;
  /** The place inside the value. */
  readonly path: string | undefined;
  /** The group id of the app. */
  readonly app: string;
  readonly payload: 'redacted' | 'encrypted' | 'none';
}

/**
 * Reads the headers of a dead letter.
 *
 * @returns undefined for a record that is none
 * @category Dead letters @since 0.1.0
 */
export function readDeadLetter(headers: Headers): DeadLetter | undefined {
  checkArgument('readDeadLetter', 'the headers', required(headersKind), headers);
  const texts = textsOf(deadLetterPrefix, headers);
  const text = (name: string): string => texts.get(name) ?? '';
  const at = {
    topic: text('topic'),
    partition: Number(text('partition')),
    offset: Number(text('offset')),
    origin: texts.get('origin'),
  };
  const isLetter = at.topic !== '' && Number.isSafeInteger(at.partition) && Number.isSafeInteger(at.offset);
  if (!isLetter || !texts.has('stage')) return undefined;
  const timestamp = texts.get('timestamp');
  const payload = text('payload');
  return {
    at,
    timestamp: timestamp === undefined ? undefined : Number(timestamp),
    reason: text('reason'),
    stage: text('stage'),
    node: text('node'),
    way: texts.get('way'),
    alike: Number(/^\d{1,9}$/.exec(text('alike'))?.[0] ?? 1),
    path: texts.get('path'),
    app: text('app'),
    payload: payload === 'redacted' || payload === 'encrypted' ? payload : 'none',
  };
}

/** Whom a replayed record is for. */
export type ReplayBranch = Pick<DeadLetter, 'app' | 'node'> & Partial<Pick<DeadLetter, 'way' | 'alike'>>;

/** Where a dead letter, or its record, lies in its topic. */
export interface LetterPosition {
  readonly partition: number;
  readonly offset: number;
  /** Of the topic that it lies in, as {@link OriginalCoordinates.origin}. */
  readonly origin?: string | undefined;
}

/**
 * The headers of a record that is published again: its own, and whom it is for.
 *
 * @param to the app and its node, as `readDeadLetter` tells them, or `{ app, node }` with the name of an operator or sink; undefined:
 *   everyone who reads the topic. A `way` counts where it is that of `node`
 * @param record where it lies in its topic, as `DeadLetter.at` says it: what stores keep of it replaces what they kept of that, where the
 *   topic is still the same. Undefined: it is another
 * @throws `REPLAY_TARGET` where `to` may be one of several nodes
 * @category Dead letters @since 0.1.0
 */
export function replayHeaders(
  headers: Headers,
  letter: Coordinates,
  to: ReplayBranch | undefined,
  record?: LetterPosition | undefined,
): Header[] {
  checkArgument('replayHeaders', 'the headers', required(headersKind), headers);
  checkArgument('replayHeaders', 'the letter', coordinatesKind, letter);
  checkArgument('replayHeaders', 'to', branchKind, to);
  checkArgument('replayHeaders', 'the record', positionKind, record);
  const way = to && wayOf(to, letter);
  const of = firstOf(textsOf(replayPrefix, headers), record);
  return [
    ...headers.filter(header => !isReserved(header)),
    ...textHeaders(replayPrefix, {
      letter: `${letter.topic}/${letter.partition}:${letter.offset}`,
      app: to?.app,
      node: to?.node,
      way,
      record: of.record,
      origin: of.origin,
    }),
  ];
}

/** @throws `REPLAY_TARGET` */
function wayOf({ node, way, alike = 1 }: ReplayBranch, at: Coordinates): string | undefined {
  const own = way !== undefined && leadsTo(way, node) ? way : undefined;
  const several = alike > 1 && (own !== undefined || way === undefined);
  if (!several && (own !== undefined || !isNumbered(node))) return own;
  const which = several
    ? `${alike} nodes of its topology are called so, on the same way`
    : 'that number may be another node’s by now';
  throw new KafkaRxError('REPLAY_TARGET', `The dead letter is of the node '${node}': ${which}`, {
    at,
    remedy:
      'Give the operators names ({ name }) and replay it for that of the right one, as { app, node }; or for everyone, with undefined',
  });
}

/** One that is replayed again stands for the first of all, but for one of a topic that was made anew since. */
function firstOf(
  before: ReadonlyMap<string, string>,
  record: LetterPosition | undefined,
): { readonly record: string | undefined; readonly origin: string | undefined } {
  const [first, origin] = [before.get('record'), before.get('origin')];
  const same = origin === undefined || record?.origin === undefined || origin === record.origin;
  if (first !== undefined && same) return { record: first, origin: origin ?? record?.origin };
  return { record: record && `${record.partition}:${record.offset}`, origin: record?.origin };
}

/**
 * The headers of the mark beside a dead letter that was replayed.
 *
 * @param record where the letter lies; with the origin of its topic, the mark says nothing of a letter in one made anew
 * @category Dead letters @since 0.1.0
 */
export function replayedMark(record: LetterPosition): Header[] {
  checkArgument('replayedMark', 'the record', required(positionKind), record);
  const { partition, offset, origin } = record;
  return textHeaders(deadLetterPrefix, { replayed: `${partition}:${offset}`, 'replayed-origin': origin });
}

/**
 * The dead letter that a mark says was replayed.
 *
 * @returns undefined for a record that is no mark; without `origin` where the mark was written without
 * @category Dead letters @since 0.1.0
 */
export function readReplayedMark(headers: Headers): LetterPosition | undefined {
  checkArgument('readReplayedMark', 'the headers', required(headersKind), headers);
  const texts = textsOf(deadLetterPrefix, headers);
  return positionIn(texts.get('replayed'), texts.get('replayed-origin'));
}

/** `partition:offset`; undefined for anything else. */
export function positionIn(text: string | undefined, origin: string | undefined): LetterPosition | undefined {
  const [, partition, offset] = /^(\d{1,10}):(\d{1,16})$/.exec(text ?? '') ?? [];
  if (partition === undefined || offset === undefined) return undefined;
  return { partition: Number(partition), offset: Number(offset), origin };
}
