import type { Clock } from '../../../base/clock.js';
import { fieldOf } from '../../../errors/field-of.js';
import type { Broker } from '../internals/broker.js';
import { isOwnHeartbeat } from './heartbeats.js';
import type { Membership } from './membership.js';
import { rebalanceWanted } from './rebalance-wanted.js';
import { sessionOver } from './session-over.js';

/**
 * Has the membership see the group protocol as it passes through this broker, one of this consumer's own.
 *
 * @param membership undefined once the session is over: then kafkajs gets nothing through any more
 * @param ids the same membership, also when the session is over
 */
export function tapGroupProtocol(
  broker: Broker,
  clock: Clock,
  membership: () => Membership | undefined,
  ids: Pick<Membership, 'asking' | 'named'>,
): void {
  tapMemberIds(broker, ids);
  tapJoin(broker, membership);
  tapSync(broker, clock, membership);
  tapHeartbeat(broker, membership);
  // Whether and when the member leaves is the consumer's decision: kafkajs leaves at each crash too
  // (src/consumer/index.js, onCrash), and with that would give up what a restart goes on with.
  broker.leaveGroup = async () => undefined;
}

const joinGroupKey = 11;

/** Tells of the ids that the coordinator gives in its refusal of a JoinGroup without one (src/errors.js). */
function tapMemberIds({ connectionPool }: Broker, ids: Pick<Membership, 'asking' | 'named'>): void {
  const send = connectionPool.send.bind(connectionPool);
  connectionPool.send = async request => {
    const answer = send(request);
    if (request.request.apiKey === joinGroupKey) ids.asking(answer);
    try {
      return await answer;
    } catch (error) {
      const memberId = fieldOf(error, 'memberId');
      if (fieldOf(error, 'name') === 'KafkaJSMemberIdRequired' && typeof memberId === 'string')
        ids.named(memberId);
      throw error;
    }
  };
}

/** The drain comes before the request, whichever path of kafkajs it is made on. */
function tapJoin(broker: Broker, membership: () => Membership | undefined): void {
  const joinGroup = broker.joinGroup.bind(broker);
  broker.joinGroup = async request => {
    const member = membership();
    if (member === undefined) throw sessionOver();
    const sent = await member.beforeJoin(broker, request);
    if (membership() === undefined) throw sessionOver();
    const generation = member.generation.groupGenerationId;
    try {
      const answer = await joinGroup(sent);
      member.joined(answer);
      return answer;
    } catch (error) {
      member.observe(error, generation);
      throw error;
    }
  };
}

function tapSync(broker: Broker, clock: Clock, membership: () => Membership | undefined): void {
  const syncGroup = broker.syncGroup.bind(broker);
  broker.syncGroup = async request => {
    const sentAt = clock.elapsed();
    try {
      const answer = await syncGroup(request);
      membership()?.synced(sentAt, request.generationId);
      return answer;
    } catch (error) {
      membership()?.observe(error, request.generationId);
      throw error;
    }
  };
}

/**
 * kafkajs heartbeats after each fetch and waits for the answer (src/consumer/runner.js), so that a coordinator that
 * hangs would stop the fetches from every broker. The membership has a rhythm of its own and tells kafkajs what it
 * heard when it asks; only its own heartbeats go out.
 */
function tapHeartbeat(broker: Broker, membership: () => Membership | undefined): void {
  const heartbeat = broker.heartbeat.bind(broker);
  broker.heartbeat = async request => {
    const member = membership();
    if (member === undefined) throw sessionOver();
    if (isOwnHeartbeat(request)) return heartbeat(request);
    if (member.rejoinWanted) throw rebalanceWanted();
    return undefined;
  };
}
