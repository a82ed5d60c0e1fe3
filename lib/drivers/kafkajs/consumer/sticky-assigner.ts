import { Buffer } from 'node:buffer';
import { AssignerProtocol, type PartitionAssigner } from 'kafkajs';
import { assign } from '../../assignor.js';
import { type AssignorUserData, decodeUserData, encodeUserData } from '../../assignor-user-data.js';
import type { TopicPartition } from '../../port.js';

const { MemberAssignment, MemberMetadata } = AssignerProtocol;
const name = 'kafka-rx-sticky';
const version = 1;

/**
 * Kafka-rx's assignor as a kafkajs assigner. Its name is the group protocol's: a group of it takes no member with
 * another assignor.
 *
 * @param userData what this member has and shares, asked for at each join
 * @param found hears of the cluster, as kafkajs makes the assigner together with the consumer
 */
export function stickyAssigner(
  userData: () => AssignorUserData,
  found: (cluster: object) => void = () => {},
): PartitionAssigner {
  return ({ cluster }) => {
    found(cluster);
    return {
      name,
      version,
      protocol: ({ topics }) => ({
        name,
        metadata: MemberMetadata.encode({ version, topics, userData: encodeUserData(userData()) }),
      }),
      async assign({ members }) {
        const asked = members.map(({ memberId, memberMetadata }) => {
          const metadata = MemberMetadata.decode(memberMetadata);
          const known = decodeUserData(metadata?.userData);
          return {
            memberId,
            topics: metadata?.topics ?? [],
            owned: known?.owned ?? [],
            groups: known?.coPartitioned ?? [],
          };
        });
        const topics = [...new Set(asked.flatMap(member => member.topics))];
        // The leader's metadata has its own topics only; those of the others have to be asked for first.
        await cluster.addMultipleTargetTopics(topics);
        const assigned = assign({
          members: asked,
          partitions: new Map(topics.map(topic => [topic, cluster.findTopicPartitionMetadata(topic).length])),
          coPartitioned: asked.flatMap(member => member.groups),
        });
        return [...assigned].map(([memberId, partitions]) => ({
          memberId,
          memberAssignment: MemberAssignment.encode({
            version,
            assignment: byTopic(partitions),
            userData: Buffer.alloc(0),
          }),
        }));
      },
    };
  };
}

function byTopic(partitions: readonly TopicPartition[]): Record<string, number[]> {
  const numbers = new Map<string, number[]>();
  for (const { topic, partition } of partitions) {
    const known = numbers.get(topic);
    if (known === undefined) numbers.set(topic, [partition]);
    else known.push(partition);
  }
  return Object.fromEntries(numbers);
}
