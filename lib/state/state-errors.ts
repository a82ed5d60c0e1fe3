import type { CommittedPartition, TopicDescription } from '../drivers/port.js';
import { type Coordinates, errorKind, isKafkaRxError, KafkaRxError } from '../errors/errors.js';
import type { Cut } from './cut.js';
import type { ReadCuts, ReadLog } from './read-cuts.js';

/** How a group is reset. Without their names states stay as they are, and the same error comes again. */
export const withItsStates =
  'by resetGroup with the names of all its states and internal topics (states, internal) and with their backends, and they are made anew of their input';

export function idOf(topics: readonly TopicDescription[], topic: string): string {
  const found = topics.find(({ name }) => name === topic);
  if (found !== undefined) return found.id;
  throw new KafkaRxError('MISSING_TOPIC', `The changelog ${topic} does not exist`, {
    remedy: `Nothing, where the brokers come to know it; otherwise reset the group ${withItsStates}`,
    retriable: true,
  });
}

/** @param again it is looked up once more */
export function cutMissing(
  task: string,
  { topic, partition, offset = 0 }: CommittedPartition,
  told: string | undefined,
  cut: Cut | undefined,
  again: boolean,
): KafkaRxError {
  const commit = told === undefined ? 'says nothing of a cut' : `is of cut ${told}`;
  const kept =
    cut === undefined
      ? 'the changelogs of its states hold none'
      : `the changelogs of its states hold cut ${cut.number}, in which it is ${cut.positions[topic] ?? 'not there'}`;
  return new KafkaRxError(
    'CUT_MISSING',
    `The offset that the group has committed for ${task} ${commit}, and ${kept}: what is kept was not made of what comes before it`,
    {
      at: { topic, partition, offset },
      retriable: again,
      remedy: again
        ? 'Nothing: it is looked up once more'
        : `Reset the group ${withItsStates}; or say with onMissingCut what is to become of the state`,
    },
  );
}

/** Of a changelog. */
export const unseen = 'what comes then does not show yet, as while a transaction is open there';

/** @param last the cut that was written to all of them */
export function cutTorn(
  task: string,
  partition: number,
  last: Cut,
  torn: readonly ReadLog[],
  again = false,
): KafkaRxError {
  const [first] = torn;
  const behind = torn.map(({ state, topic, cut, end }) => {
    const there = cut === undefined ? 'no cut' : `cut ${cut.number}`;
    return `that of '${state}', ${topic}, ends at offset ${end} with ${there}`;
  });
  const what = again ? unseen : 'its end is lost';
  return new KafkaRxError(
    'CUT_TORN',
    `The changelogs of the states of ${task} are of different cuts: cut ${last.number} was written to all of them, and ${behind.join('; ')}: ${what}`,
    {
      at: first && { topic: first.topic, partition, offset: first.end },
      retriable: again,
      remedy: again
        ? 'Nothing: it is read again'
        : `Reset the group ${withItsStates}; or say with onMissingCut of the state what is to become of it`,
    },
  );
}

/** What is missing may be there once a transaction has ended. */
export function undecided(
  task: string,
  partition: number,
  { last, torn, told }: Pick<ReadCuts, 'last' | 'torn'> & { readonly told: number },
): KafkaRxError {
  if (last !== undefined && torn.length > 0) return cutTorn(task, partition, last, torn, true);
  return new KafkaRxError(
    'CUT_MISSING',
    `The group has committed cut ${told} of ${task}, and the changelogs of its states end before it: ${unseen}`,
    { retriable: true, remedy: 'Nothing: they are read again' },
  );
}

/** What a backend has thrown, which may be a user's. */
export function notApplied(task: string, cause: unknown): KafkaRxError {
  if (isKafkaRxError(cause)) return cause;
  return new KafkaRxError(
    'STORE',
    `What the task ${task} has committed could not be put where its states lie (${errorKind(cause)})`,
    { cause, remedy: 'Look at the backend of the states; nothing is lost, the changelogs have it' },
  );
}

export function notKept(state: string, by: string): KafkaRxError {
  return new KafkaRxError('STATE', `The state '${state}' is not kept by ${by}`, {
    remedy: 'Give the operator a state of the app that it is wired in',
  });
}

/**
 * No problem of a record: the next one, and what is to be closed, would meet it again.
 *
 * @param at its partition of the changelog; undefined: it is not known
 */
export function notDecoded(
  what: 'row' | 'key',
  state: string,
  cause: unknown,
  at: Coordinates | undefined,
): KafkaRxError {
  return new KafkaRxError(
    'STATE',
    `A ${what} of the state '${state}' could not be decoded (${errorKind(cause)})`,
    {
      at,
      cause,
      remedy: `Give app.state the codec that wrote it, or for values a higher version with an upgrade; or take the state under another name, which begins empty; or reset the group ${withItsStates}`,
    },
  );
}

export function withoutReader(): KafkaRxError {
  return new KafkaRxError('CONFIGURATION', 'The driver reads no changelogs', {
    remedy: 'Use kafkajs() on its fast path, or memory()',
  });
}

export function otherRows(state: string, there: string, now: string): KafkaRxError {
  return new KafkaRxError(
    'CONFIGURATION',
    `The changelog of the state '${state}' has rows of ${there}, and its operator is to keep rows of ${now}: it would not find them`,
    {
      remedy: `Take the state under another name, which begins empty; or give the operator what it had; or reset the group ${withItsStates}`,
    },
  );
}

export function otherVersion(state: string, there: number, now: number): KafkaRxError {
  const [what, remedy] =
    there > now
      ? ['', 'Run the program that wrote them, or a later one']
      : [', without upgrade', 'Give app.state an upgrade(old) that makes them what this version has'];
  return new KafkaRxError(
    'CONFIGURATION',
    `The changelog of the state '${state}' has values of version ${there}, and app.state says version ${now}${what}: they would not be read`,
    {
      remedy: `${remedy}; or take the state under another name, which begins empty; or reset the group ${withItsStates}`,
    },
  );
}
