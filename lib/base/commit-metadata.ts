/**
 * The text that Kafka keeps beside a committed offset: words between blanks, 4,096 bytes at most.
 *
 * - `kafka-rx` and the ids of the stores in which the offset is durable; where these are too many or too long, the section
 *   `ids` with a digest of each, 8 characters, one behind the other, which is read as words of these with a `#` before;
 * - sections, `kafka-rx.<name>=<value>`, behind whatever else the text holds.
 *
 * A reader looks for the words that it knows and passes over the others, so that a later version adds sections and an
 * older one reads on; what cannot be passed over needs another name. Text of others (a tool's, a user's) is kept as it is.
 */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { KafkaRxError } from '../errors/errors.js';

/** The brokers' `offset.metadata.max.bytes`. */
const maxBytes = 4_096;
const mark = 'kafka-rx';
/** What the section of a topic's id takes, and some more. */
const roomForTopic = 200;

/**
 * What a section may be of: `topic`, Kafka's id of the topic that the offset is of; `stores`, names and places of the stores
 * that the text names, in the same order; `ids`, digests of their ids; `filled`, up to where stores are filled again that are behind
 * the offset; `cut`, the number of the cut that the offset is part of, which the changelogs of the task's states have; `time`, the stream time of a
 * task that writes internal topics, in milliseconds since 1970.
 */
export type CommitSection = 'topic' | 'stores' | 'ids' | 'filled' | 'cut' | 'time';

/** The text, of a commit that stores are behind which are filled again. @param upTo below this offset they are whole */
export function withFilled(text: string, upTo: number): string {
  return withSection(text, 'filled', String(upTo));
}

/** The text, of a commit that is part of the cut and of the stream time which another text names, if it names such. */
export function withCutOf(text: string, other: string | undefined): string {
  if (other === undefined || other === '') return text;
  return (['cut', 'time'] as const).reduce((all, name) => {
    const said = sectionIn(other, name);
    return said === undefined ? all : withSection(all, name, said);
  }, text);
}

/** The stream time that a text tells, in milliseconds since 1970; undefined where it tells none. */
export function timeIn(text: string): number | undefined {
  const said = sectionIn(text, 'time');
  return said !== undefined && /^\d{1,16}$/.test(said) ? Number(said) : undefined;
}

/** Up to where stores are filled again that are behind the commit; undefined where it says nothing of that. */
export function filledIn(text: string): number | undefined {
  const said = sectionIn(text, 'filled');
  return said !== undefined && /^\d{1,15}$/.test(said) ? Number(said) : undefined;
}

/** A store in which an offset is durable. */
export interface CommittedStore {
  readonly id: string;
  readonly name: string;
  /** Where it lies, as one word; undefined where nobody knows. */
  readonly place: string | undefined;
}

/**
 * Text that names these stores, as fully as there is room for: with names and places, by their ids, by digests of these. It is
 * the longest that is committed with them, whatever the offset and the topic.
 *
 * @throws KafkaRxError `CONFIGURATION` where there are too many even so: more than 480
 */
export function metadataOfStores(stores: readonly CommittedStore[]): string {
  const ids = [mark, ...stores.map(({ id }) => id)].join(' ');
  const named = stores.map(({ name, place = '' }) => `${encoded(name)}@${encoded(place)}`).join(',');
  // With many stores the ids matter more than what else is known of them.
  const whole = withSectionUnchecked(ids, 'stores', named);
  const digests = withSectionUnchecked(mark, 'ids', stores.map(({ id }) => digestOf(id)).join(''));
  const text = [whole, ids, digests].find(one => Buffer.byteLength(one) <= maxBytes - roomForTopic);
  if (text !== undefined) return text;
  const [first = '', second = ''] = stores.map(({ name }) => `'${name.slice(0, 60)}'`);
  throw new KafkaRxError(
    'CONFIGURATION',
    `The app has ${stores.length} stores with positions (${first}, ${second}, …), and a commit has room for the names of ` +
      `${Math.floor((maxBytes - roomForTopic - digests.length) / digestLength) + stores.length}`,
    {
      remedy:
        'Write into fewer stores, one with several sinks or indexes in place of many, or share them out among apps of other groups',
    },
  );
}

/** Whether the words of a commit name the store with this id. */
export function namesStore(words: readonly string[], id: string): boolean {
  if (words.includes(id) || words.includes(digestWord(id))) return true;
  // A store that was lost may be known by its digest alone.
  return id.startsWith('#') && words.some(word => digestWord(word) === id);
}

/** The stores that a text names with names and places; undefined where it does not say these. */
export function committedStoresIn(text: string): readonly CommittedStore[] | undefined {
  const ids = storesNamedIn(text);
  const named = sectionIn(text, 'stores')?.split(',');
  if (named === undefined || named.length !== ids.length) return undefined;
  return ids.map((id, i) => {
    const [name = '', place = ''] = (named[i] ?? '').split('@').map(decoded);
    return { id, name, place: place === '' ? undefined : place };
  });
}

/** The stores that a text names, by ids or digests of them (see {@link namesStore}); none where it is not ours. */
export function storesNamedIn(text: string): readonly string[] {
  const [first, ...words] = text.split(' ');
  if (first !== mark) return [];
  const ids = words.filter(word => !word.startsWith(`${mark}.`));
  const digests = sectionIn(text, 'ids')?.match(/.{8}/g) ?? [];
  return [...ids, ...digests.map(digest => `#${digest}`)];
}

/** 48 bits: that two of a few hundred stores have the same is as good as impossible. */
const digestLength = 8;

function digestOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url').slice(0, digestLength);
}

const digestWord = (id: string): string => `#${digestOf(id)}`;

/**
 * The text with this section behind it; one that it has already is replaced.
 *
 * @throws KafkaRxError `CONFIGURATION` where the brokers would refuse it for its length
 */
export function withSection(text: string, name: CommitSection, value: string): string {
  const whole = withSectionUnchecked(text, name, value);
  if (Buffer.byteLength(whole) <= maxBytes) return whole;
  throw new KafkaRxError('CONFIGURATION', `Commit metadata is above ${maxBytes} bytes`, {
    remedy: 'Commit less text beside the offset',
  });
}

function withSectionUnchecked(text: string, name: CommitSection, value: string): string {
  const section = `${mark}.${name}=${encodeURIComponent(value)}`;
  const rest = withoutSection(text, name);
  return rest === '' ? section : `${rest} ${section}`;
}

/** The text as it was before `withSection`. */
export function withoutSection(text: string, name: CommitSection): string {
  const words = text.split(' ');
  const rest = words.filter(word => !word.startsWith(prefixOf(name)));
  return rest.length === words.length ? text : rest.join(' ');
}

/** What the section says; undefined where there is none, or one that cannot be read. */
export function sectionIn(text: string, name: CommitSection): string | undefined {
  const word = text.split(' ').find(one => one.startsWith(prefixOf(name)));
  if (word === undefined) return undefined;
  try {
    return decodeURIComponent(word.slice(prefixOf(name).length));
  } catch {
    // Not written by us.
    return undefined;
  }
}

/** A lone surrogate has no UTF-8 form. */
function encoded(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not written by us.
    return text;
  }
}

const prefixOf = (name: CommitSection): string => `${mark}.${name}=`;
