import { Buffer } from 'node:buffer';
import kafkajs from 'kafkajs';
import { assign } from '../../lib/drivers/assignor.js';
import { decodeUserData } from '../../lib/drivers/assignor-user-data.js';
import type { TopicPartition } from '../../lib/drivers/port.js';

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;
const protocol = { name: 'kafka-rx-sticky', version: 1 } as const;
const firstVersion = 1;

/** What the first version wrote beside an offset: the ids of stores, and no section. */
export const olderMetadata = 'kafka-rx s1 s2';

/**
 * The user data of the first version: `kx`, 1, FNV-1a of what follows; topics, owned partitions by topic, groups as places of topics. Of
 * lists, names and numbers below 128, which are one byte each.
 */
export function olderUserData(owned: readonly TopicPartition[], group: readonly string[]): Buffer {
  const lists = group.map(topic => {
    const numbers = owned.filter(one => one.topic === topic).map(({ partition }) => partition);
    numbers.sort((a, b) => a - b);
    return [numbers.length, ...numbers.map((number, i) => number - (numbers[i - 1] ?? 0))];
  });
  const names = group.flatMap(topic => [topic.length, ...Buffer.from(topic)]);
  const body = [group.length, ...names, ...lists.flat(), 1, group.length, ...group.keys()];
  const sum = body.reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), 0x811c9dc5);
  const head = Buffer.from([...Buffer.from('kx'), firstVersion, 0, 0, 0, 0]);
  head.writeUInt32BE(sum >>> 0, 3);
  return Buffer.concat([head, Buffer.from(body)]);
}

/**
 * A member of a group as the first version was, on kafkajs alone: it writes that version's bytes and reads no others. It notes what it
 * reads and commits it at least once.
 */
export class OlderMember {
  readonly seen = new Set<string>();
  /** What it crashed with. */
  readonly crashes: Error[] = [];
  assigned: readonly TopicPartition[] = [];
  isLeader = false;
  readonly #consumer: kafkajs.Consumer;
  readonly #group: readonly string[];

  constructor(brokers: readonly string[], groupId: string, group: readonly string[]) {
    this.#group = group;
    const client = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
    this.#consumer = client.consumer({
      ...{ groupId, partitionAssigners: [this.#assigner()] },
      ...{ sessionTimeout: 10_000, rebalanceTimeout: 10_000, heartbeatInterval: 300, maxWaitTimeInMs: 100 },
    });
    this.#consumer.on('consumer.group_join', ({ payload: { memberAssignment, isLeader } }) => {
      this.isLeader = isLeader;
      this.assigned = Object.entries(memberAssignment).flatMap(([topic, numbers]) =>
        numbers.map(partition => ({ topic, partition })),
      );
    });
    this.#consumer.on('consumer.crash', ({ payload: { error } }) => void this.crashes.push(error));
  }

  async start(): Promise<void> {
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [...this.#group], fromBeginning: true });
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: true,
      eachBatch: async ({ batch: { topic, partition, messages } }) => {
        for (const { value } of messages) this.seen.add(`${topic} ${value}`);
        const offset = String(Number(messages.at(-1)?.offset ?? -1) + 1);
        await this.#consumer.commitOffsets([{ topic, partition, offset, metadata: olderMetadata }]);
      },
    });
  }

  async stop(): Promise<void> {
    await this.#consumer.disconnect();
  }

  #assigner(): kafkajs.PartitionAssigner {
    return ({ cluster }) => ({
      ...protocol,
      protocol: ({ topics }) => ({
        name: protocol.name,
        metadata: MemberMetadata.encode({
          ...{ version: protocol.version, topics },
          userData: olderUserData(this.assigned, this.#group),
        }),
      }),
      assign: async ({ members }) => {
        const asked = members.map(({ memberId, memberMetadata }) => {
          const told = MemberMetadata.decode(memberMetadata);
          const { userData } = told ?? {};
          const known = userData?.[2] === firstVersion ? decodeUserData(userData) : undefined;
          return { memberId, topics: told?.topics ?? [], owned: known?.owned ?? [], known };
        });
        const topics = [...new Set(asked.flatMap(member => member.topics))];
        await cluster.addMultipleTargetTopics(topics);
        const assigned = assign({
          members: asked,
          partitions: new Map(topics.map(topic => [topic, cluster.findTopicPartitionMetadata(topic).length])),
          coPartitioned: asked.flatMap(({ known }) => known?.coPartitioned ?? []),
        });
        return [...assigned].map(([memberId, partitions]) => ({
          memberId,
          memberAssignment: MemberAssignment.encode({
            version: protocol.version,
            assignment: Object.fromEntries(
              topics.map(topic => [
                topic,
                partitions.filter(one => one.topic === topic).map(({ partition }) => partition),
              ]),
            ),
            userData: Buffer.alloc(0),
          }),
        }));
      },
    });
  }
}
