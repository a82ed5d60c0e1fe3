import { createApp } from '../../app/app.js';
import { nearestName } from '../../base/nearest-name.js';
import { memory } from '../../drivers/memory/index.js';
import { KafkaRxError } from '../../errors/errors.js';
import { VirtualClock } from '../virtual-clock.js';
import { wired } from '../wired.js';
import type { SimulatedAppOptions, SimulatedTopology } from './simulated-process.js';
import { wiringContext } from './wiring-context.js';

/** What of the options of `simulate` says which topics there are. */
interface NamingOptions {
  readonly inputs: Readonly<Record<string, readonly { readonly partition?: number | undefined }[]>>;
  readonly partitions?: number | Readonly<Record<string, number>> | undefined;
  readonly app?: SimulatedAppOptions | undefined;
  readonly reset?: (() => void) | undefined;
}

/**
 * Partitions of all topics that the topology names, found by wiring it once, and of those that are written to.
 *
 * @throws `CONFIGURATION` for inputs that no source reads, and for topics and partitions that there are not
 */
export function topicsOf(
  topology: SimulatedTopology,
  options: NamingOptions,
): Readonly<Record<string, number>> {
  const clock = new VirtualClock();
  const app = createApp({ ...options.app, groupId: 'simulated', driver: memory({ clock }), clock });
  wired('simulate', topology(app, wiringContext(clock)));
  options.reset?.();
  const { nodes } = app.describe();
  checkRead(
    Object.keys(options.inputs),
    nodes.filter(({ kind }) => kind === 'source').map(({ topics }) => topics),
  );
  const letters = options.app?.deadLetters?.topic;
  const all = new Set([
    ...nodes.flatMap(node => node.topics),
    ...Object.keys(options.inputs),
    ...(letters === undefined ? [] : [letters]),
  ]);
  const { partitions = 2 } = options;
  const given = typeof partitions === 'number' ? [] : Object.keys(partitions);
  const unknown = given.find(topic => !all.has(topic));
  if (unknown !== undefined) {
    throw unknownTopic(`partitions.${unknown} is no topic of the topology or the inputs`, unknown, [...all]);
  }
  const counts = Object.fromEntries(
    [...all].map(topic => [topic, typeof partitions === 'number' ? partitions : (partitions[topic] ?? 1)]),
  );
  checkPartitions(options.inputs, counts);
  return counts;
}

/** The workload takes a partition modulo those that there are: it would be written to another one. */
function checkPartitions(inputs: NamingOptions['inputs'], counts: Readonly<Record<string, number>>): void {
  for (const [topic, records] of Object.entries(inputs)) {
    const count = counts[topic] ?? 1;
    const beyond = records.findIndex(({ partition = 0 }) => partition >= count);
    if (beyond < 0) continue;
    const what = `inputs.${topic}.${beyond}.partition is ${records[beyond]?.partition}, and ${topic} has ${count}`;
    throw new KafkaRxError('CONFIGURATION', `simulate: ${what}`, {
      remedy: `Write one from 0 to ${count - 1}, or raise partitions`,
    });
  }
}

/** What nobody reads would never be committed. @param sources the topics of each; none where a RegExp looks for them */
function checkRead(inputs: readonly string[], sources: readonly (readonly string[])[]): void {
  if (sources.some(topics => topics.length === 0)) return;
  const read = sources.flat();
  const unread = inputs.find(topic => !read.includes(topic));
  if (unread !== undefined)
    throw unknownTopic(`inputs.${unread} is read by no source of the topology`, unread, read);
}

function unknownTopic(what: string, topic: string, known: readonly string[]): KafkaRxError {
  const meant = nearestName(topic, known);
  const others = known.length === 0 ? 'add a source that reads it' : `there are ${known.join(', ')}`;
  return new KafkaRxError('CONFIGURATION', `simulate: ${what}`, {
    remedy: meant === undefined ? `Leave it out; ${others}` : `Write ${meant}`,
  });
}
