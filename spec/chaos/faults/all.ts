import type { Fault } from '../fault.js';
import { appKillBeforeCommit, appKillMidBatch } from './app-kill.js';
import { appPause, appPauseBeforeEnd } from './app-pause.js';
import { brokerKill } from './broker-kill.js';
import { brokerPause5s, brokerPause70s } from './broker-pause.js';
import { commitsRefused } from './commits-refused.js';
import { coordinatorLoss } from './coordinator-loss.js';
import { eventLoopBlock } from './event-loop-block.js';
import { gracefulRebalance } from './graceful-rebalance.js';
import { leaderMove } from './leader-move.js';
import { membersJoinLeave } from './members-join-leave.js';
import { networkBlackHole, networkCut, networkDelay, networkReset } from './network.js';
import { partitionsAdded } from './partitions-added.js';
import { rollingBounce } from './rolling-bounce.js';
import { failingSink, failingStore, partitionLeftOut, slowSink } from './sinks.js';
import {
  namedTopicRecreated,
  outputRecreated,
  partitionsAddedElsewhere,
  topicDeleted,
  topicFound,
  topicRecreated,
} from './topics.js';

export const allFaults: readonly Fault[] = [
  brokerKill,
  brokerPause5s,
  brokerPause70s,
  rollingBounce,
  leaderMove,
  coordinatorLoss,
  appKillMidBatch,
  appKillBeforeCommit,
  appPause,
  appPauseBeforeEnd,
  eventLoopBlock,
  membersJoinLeave,
  gracefulRebalance,
  slowSink,
  failingSink,
  failingStore,
  partitionLeftOut,
  networkCut,
  networkDelay,
  networkBlackHole,
  networkReset,
  partitionsAdded,
  partitionsAddedElsewhere,
  topicFound,
  topicDeleted,
  topicRecreated,
  namedTopicRecreated,
  outputRecreated,
  commitsRefused,
];
