import { outputTopics } from '../evidence.js';
import { byItself, type Fault } from '../fault.js';
import { inputTopic } from '../messages.js';

/** Every partition gets another leader while all brokers are well. */
export const leaderMove: Fault = {
  name: 'leader-move',
  holdMs: 8_000, // the controller looks for misplaced leaders every 5 s in this test's clusters
  threeNodes: true,
  inject: ({ topics }) => topics.rotateLeaders([inputTopic, ...outputTopics]),
  heal: byItself,
};
