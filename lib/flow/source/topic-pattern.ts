import { checkTopicName } from '../../base/topic-name.js';
import type { TopicDescription } from '../../drivers/port.js';
import { KafkaRxError } from '../../errors/errors.js';

/** What `app.topic` takes: a name, several names, or a RegExp that is looked up again while the app runs. */
export type TopicSelector = string | readonly string[] | RegExp;

/** The topics that one view wants. */
export interface TopicPattern {
  readonly label: string;
  /** The names asked for; empty for a RegExp. */
  readonly names: readonly string[];
  /** Whether the topics are found by looking. */
  readonly dynamic: boolean;
  matches(topic: string): boolean;
}

/**
 * @throws `CONFIGURATION` for an illegal topic name, no name at all, or a RegExp with the `g` or `y` flag: these make
 *   `test` remember where it was, so that it skips every second topic.
 */
export function topicPattern(selector: TopicSelector): TopicPattern {
  if (selector instanceof RegExp) {
    if (selector.global || selector.sticky) {
      throw new KafkaRxError(
        'CONFIGURATION',
        `The topic pattern ${selector} has the flag 'g' or 'y', which skips topics`,
        {
          remedy: 'Leave the flag out',
        },
      );
    }
    return { label: String(selector), names: [], dynamic: true, matches: topic => selector.test(topic) };
  }
  const names = Array.isArray(selector) ? [...new Set<string>(selector)] : [selector as string];
  if (names.length === 0)
    throw new KafkaRxError('CONFIGURATION', 'app.topic was given an empty list of names');
  for (const name of names) checkTopicName(name);
  const wanted = new Set(names);
  return { label: names.join(','), names, dynamic: false, matches: topic => wanted.has(topic) };
}

/**
 * The topics that all views together want, out of those that exist. A RegExp never finds internal topics nor what the
 * app itself writes (that would be a loop); naming such a topic in full gets it.
 *
 * @throws `MISSING_TOPIC` naming every topic that is read or written by name and does not exist
 */
export function selectTopics(
  patterns: readonly TopicPattern[],
  existing: readonly TopicDescription[],
  ownOutputs: ReadonlySet<string>,
): readonly string[] {
  const missing = missingTopics(patterns, existing, ownOutputs);
  if (missing.length > 0) {
    const which = missing.map(name => `'${name}'`).join(', ');
    throw new KafkaRxError(
      'MISSING_TOPIC',
      missing.length === 1 ? `The topic ${which} does not exist` : `The topics ${which} do not exist`,
      { remedy: 'Create what is missing, or correct the name' },
    );
  }
  return existingTopics(patterns, existing, ownOutputs);
}

/** What is read or written by name and does not exist. */
export function missingTopics(
  patterns: readonly TopicPattern[],
  existing: readonly TopicDescription[],
  ownOutputs: ReadonlySet<string>,
): readonly string[] {
  const names = new Set(existing.map(topic => topic.name));
  const wanted = new Set([...patterns.flatMap(pattern => pattern.names), ...ownOutputs]);
  return [...wanted].filter(name => !names.has(name));
}

/** As {@link selectTopics}, without those that are missing. */
export function existingTopics(
  patterns: readonly TopicPattern[],
  existing: readonly TopicDescription[],
  ownOutputs: ReadonlySet<string>,
): readonly string[] {
  const names = new Set(existing.map(topic => topic.name));
  const selected = new Set<string>();
  for (const pattern of patterns) {
    for (const name of pattern.names) if (names.has(name)) selected.add(name);
    if (!pattern.dynamic) continue;
    for (const { name, internal } of existing)
      if (!internal && mayRead(pattern, name, ownOutputs)) selected.add(name);
  }
  return [...selected].sort();
}

/** Whether a source reads a topic of this name, should there be one: a RegExp never means an internal one or an output. */
export function mayRead(pattern: TopicPattern, name: string, ownOutputs: ReadonlySet<string>): boolean {
  return pattern.matches(name) && !(pattern.dynamic && (name.startsWith('__') || ownOutputs.has(name)));
}
