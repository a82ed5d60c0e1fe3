import { describeKafkajsContract } from './kafkajs-contract.js';

describeKafkajsContract('stock', {
  readsAhead: 'kafkajs fetches again only when every handler of the fetch before has returned',
  idleDrain: 'kafkajs joins at once where no handler is open',
  sureMembership: 'kafkajs hands a fetched batch on whatever became of its heartbeats',
  vanishingTopics: 'kafkajs fails the metadata of all topics where one is gone',
  topicIds: "kafkajs's public API tells no topic ids",
  expiredTails: 'kafkajs moves on by itself and tells with the next record only',
  nullHeaders: 'kafkajs takes no null as the value of a header',
  standstills: 'kafkajs drops the last stable offset of a fetch, and gives nothing of one without records',
  caughtUp: 'kafkajs drops the last stable offset of a fetch, and gives nothing of one without records',
  readers: "kafkajs's public API fetches for members of a group alone, and tells no last stable offsets",
  stableOffsets: "kafkajs's OffsetFetch stops below the version that waits for undecided transactions",
  truncations: "kafkajs's public API knows nothing of leaders' epochs",
  unitsOfWork: "kafkajs's public API cannot commit offsets in a transaction under a member's generation",
});
