import { anyText, holding, required } from '../base/option-kinds.js';
import { checkArgument } from '../base/option-schema.js';
import type { DriverConnection, TopicDescription } from '../drivers/port.js';

const clusterKind = required(holding({ clusterId: required(anyText) }));
const topicKind = required(holding({ id: required(anyText) }));

/**
 * Which topic something is of that outlives its name: cluster and topic by their ids, `cluster/topic`. A topic that was deleted and made
 * anew is another one. Where a driver is told no ids (the stock path of kafkajs) the topic's name stands in for its id.
 *
 * @see DocumentSource.origin
 * @category Dead letters @since 0.1.0
 */
export function originOf(
  cluster: Pick<DriverConnection, 'clusterId'>,
  topic: Pick<TopicDescription, 'id'>,
): string {
  checkArgument('originOf', 'the cluster', clusterKind, cluster);
  checkArgument('originOf', 'the topic', topicKind, topic);
  return `${cluster.clusterId}/${topic.id}`;
}

/**
 * Whether what names its topic by an origin is of this one, as far as one can tell.
 *
 * - Where it names none it was written by a version that wrote none: then it is of the topic that has the name now.
 * - Where one of the two has the topic's name in place of an id, the names decide.
 *
 * @param own the topic's own, of {@link originOf}
 * @param topic the name of both
 * @category Dead letters @since 0.1.0
 */
export function isOfTopic(origin: string | undefined, own: string, topic: string): boolean {
  checkArgument('isOfTopic', 'the origin', anyText, origin);
  checkArgument('isOfTopic', 'own', required(anyText), own);
  checkArgument('isOfTopic', 'the topic', required(anyText), topic);
  if (origin === undefined || origin === own) return true;
  const [cluster, id] = partsOf(origin);
  const [ownCluster, ownId] = partsOf(own);
  return cluster === ownCluster && (id === topic || ownId === topic);
}

/** Neither Kafka's ids of topics nor their names hold a slash. */
function partsOf(origin: string): readonly [string, string] {
  const end = origin.lastIndexOf('/');
  return [origin.slice(0, end + 1), origin.slice(end + 1)];
}
