import { type PartitionOffset, resetGroup } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import { lmdb } from 'kafka-rx/lmdb';
import type { ResetArguments } from './arguments.js';
import { historyOptions, inputTopic } from './topology.js';

/** Sends the group to where it is to go on, tells the history, and prints one line: what was set, per partition. */
export async function resetPurchases({ brokers, group, store, to, json }: ResetArguments): Promise<void> {
  const directory = { ...historyOptions, directory: store };
  // A mistyped folder must not be made, and the right one be left untold.
  const there = lmdb('history', { ...directory, readOnly: true });
  await there.open();
  await there.close();

  const set = await resetGroup({
    driver: kafkajs({ brokers }),
    groupId: group,
    topics: [inputTopic],
    to,
    stores: [lmdb('history', directory)],
    connectTimeoutMs: 0,
  });
  process.stdout.write(`${json ? asJson(group, store, set) : asText(group, store, set)}\n`);
}

function asText(group: string, store: string, set: readonly PartitionOffset[]): string {
  const offsets = set.map(({ partition, offset }) => `${partition}: ${offset}`).join(', ');
  return `Group ${group} goes on in ${inputTopic} at ${offsets} (partition: offset); so does the history in ${store}`;
}

function asJson(group: string, store: string, set: readonly PartitionOffset[]): string {
  const offsets = set.map(({ offset }) => offset);
  return JSON.stringify({ group, topic: inputTopic, offsets, store });
}
