import type { DriverConnection, NewTopic } from '../../drivers/port.js';
import { topicsOf } from '../../flow/source/task-names.js';
import { tombstonesMs } from '../../state/tombstones.js';
import { requireCoPartitioned } from '../co-partitioned.js';
import { otherPartitions } from './refusals.js';

/** What the topics of an app's states go by. */
export interface TopicsOfStates {
  /** States by what their tasks are called, without their number. */
  readonly byBundle: ReadonlyMap<string, readonly { readonly name: string }[]>;
  /** By internal topic: the partitions that it is made with, where that is said, or else the topics whose records go by it. */
  readonly inputsOfInternal: ReadonlyMap<string, number | readonly string[]>;
  changelogOf(state: string): string;
}

/** Records keep the times that they were given, wherever the broker's own default is the time of the append. */
const ownTimes = { 'message.timestamp.type': 'CreateTime' };

/** What is read is deleted by name; nothing else is, however old it is. */
const internalConfigs: NewTopic['configs'] = {
  ...ownTimes,
  'cleanup.policy': 'delete',
  'retention.ms': '-1',
  'retention.bytes': '-1',
};

const changelogConfigs: NewTopic['configs'] = {
  ...ownTimes,
  'cleanup.policy': 'compact',
  'delete.retention.ms': String(tombstonesMs),
};

/**
 * What of an app's own topics has to be made. What cannot be, since its inputs are not there, is told by who reads them.
 *
 * @throws `CONFIGURATION` where a changelog has another number of partitions than the inputs
 */
export async function missingTopics(
  connection: Pick<DriverConnection, 'topics'>,
  states: TopicsOfStates,
): Promise<readonly NewTopic[]> {
  const { byBundle, changelogOf } = states;
  const found = await connection.topics([...inputs(states), ...changelogs(states)]);
  requireCoPartitioned(found, [...byBundle.keys()].map(topicsOf));
  const counts = new Map(found.map(({ name, partitions }) => [name, partitions]));
  const missing: NewTopic[] = [];
  for (const [topic, given] of inOrder(states)) {
    if (counts.has(topic)) continue;
    const partitions =
      typeof given === 'number' ? given : Math.max(...given.map(one => counts.get(one) ?? 0));
    if (!(partitions > 0)) continue;
    counts.set(topic, partitions);
    missing.push({ name: topic, partitions, configs: internalConfigs });
  }
  for (const [bundle, handles] of byBundle) {
    const [input = '', ...others] = topicsOf(bundle);
    const partitions = counts.get(input);
    if (partitions === undefined || others.some(one => counts.get(one) !== partitions)) continue;
    for (const { name } of handles) {
      const topic = changelogOf(name);
      const there = counts.get(topic);
      if (there === undefined) missing.push({ name: topic, partitions, configs: changelogConfigs });
      else if (there !== partitions) throw otherPartitions(name, topic, there, input, partitions);
    }
  }
  return missing;
}

function inputs({ byBundle, inputsOfInternal }: TopicsOfStates): readonly string[] {
  const ofInternal = [...inputsOfInternal].flatMap(([topic, given]) =>
    typeof given === 'number' ? [topic] : [topic, ...given],
  );
  return [...new Set([...[...byBundle.keys()].flatMap(topicsOf), ...ofInternal])];
}

function changelogs({ byBundle, changelogOf }: TopicsOfStates): readonly string[] {
  return [...byBundle.values()].flat().map(({ name }) => changelogOf(name));
}

/** Those that others take their number of partitions from come first. */
function inOrder({
  inputsOfInternal,
}: TopicsOfStates): readonly (readonly [topic: string, given: number | readonly string[]])[] {
  const done = new Map<string, number | readonly string[]>();
  const add = (topic: string): void => {
    const given = inputsOfInternal.get(topic);
    if (given === undefined || done.has(topic)) return;
    if (typeof given !== 'number') for (const one of given) if (one !== topic) add(one);
    done.set(topic, given);
  };
  for (const topic of inputsOfInternal.keys()) add(topic);
  return [...done];
}
