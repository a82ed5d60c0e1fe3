/**
 * The text that Kafka keeps beside a committed offset: words between blanks, 4,096 bytes at most.
 *
 * - `kafka-rx` and the ids of the stores in which the offset is durable;
 * - sections, `kafka-rx.<name>=<value>`, behind whatever else the text holds.
 *
 * A reader looks for the words that it knows and passes over the others, so that a later version adds sections and an
 * older one reads on; what cannot be passed over needs another name. Text of others (a tool's, a user's) is kept as it is.
 */
import { KafkaRxError } from '../errors/errors.js';

/** The brokers' `offset.metadata.max.bytes`. */
const maxBytes = 4_096;
const mark = 'kafka-rx';
/** What the section of a topic's id takes, and some more. */
const roomForTopic = 200;

/**
 * What a section may be of: `topic`, Kafka's id of the topic that the offset is of; `stores`, names and places of the stores
 * that the text names, in the same order.
 */
export type CommitSection = 'topic' | 'stores';

/** A store in which an offset is durable. */
export interface CommittedStore {
  readonly id: string;
  readonly name: string;
  /** Where it lies, as one word; undefined where nobody knows. */
  readonly place: string | undefined;
}

/** Text that names these stores. */
export function metadataOfStores(stores: readonly CommittedStore[]): string {
  const ids = [mark, ...stores.map(({ id }) => id)].join(' ');
  const named = stores.map(({ name, place = '' }) => `${encoded(name)}@${encoded(place)}`).join(',');
  // With many stores the ids matter more than what else is known of them.
  const whole = withSectionUnchecked(ids, 'stores', named);
  return Buffer.byteLength(whole) <= maxBytes - roomForTopic ? whole : ids;
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

/** The ids of the stores that a text names; none where it is not ours. */
export function storesNamedIn(text: string): readonly string[] {
  const [first, ...words] = text.split(' ');
  return first === mark ? words.filter(word => !word.startsWith(`${mark}.`)) : [];
}

/**
 * The text with this section behind it; one that it has already is replaced.
 *
 * @throws KafkaRxError `CONFIGURATION` where the brokers would refuse it for its length
 */
export function withSection(text: string, name: CommitSection, value: string): string {
  const whole = withSectionUnchecked(text, name, value);
  if (Buffer.byteLength(whole) <= maxBytes) return whole;
  throw new KafkaRxError('CONFIGURATION', `Commit metadata is above ${maxBytes} bytes`, {
    remedy: 'Commit less text; each store with positions takes about 40 bytes of it.',
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
