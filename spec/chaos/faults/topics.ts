import { changingOutput, namedTopic } from '../changing-topics.js';
import { byItself, type Fault } from '../fault.js';

/** The app looks for topics every 2 s, and its metadata is 3 s old at most: noticed, and rebalanced, within this. */
const noticedMs = 9_000;

/** A topic appears that the app's RegExp matches, with records in it at once. */
export const topicFound: Fault = {
  name: 'topic-found',
  holdMs: noticedMs,
  graceful: true,
  standstillMs: 8_000,
  inject: ({ changing }) => changing.find(),
  heal: byItself,
};

/** A topic that the RegExp matched is deleted under load, for good. */
export const topicDeleted: Fault = {
  name: 'topic-deleted',
  holdMs: noticedMs,
  graceful: true,
  standstillMs: 8_000,
  async inject({ changing }) {
    await changing.delete(changing.newest);
  },
  // Another one: RegExps go on finding after one of theirs is gone.
  heal: ({ changing }) => changing.find(),
};

/**
 * A topic that the RegExp matches is deleted and made anew at once, while the app hears of neither: it asks for the
 * next offset of the old one, and has offsets of it to commit, when the new one is there and longer. Then a member is stopped and started.
 */
export const topicRecreated: Fault = {
  name: 'topic-recreated',
  holdMs: noticedMs,
  standstillMs: 8_000,
  async inject({ changing, proxies }) {
    const topic = changing.newest;
    for (const proxy of proxies) proxy.cut();
    await changing.delete(topic);
    await changing.make(topic);
    for (const proxy of proxies) proxy.heal();
  },
  async heal({ members, stop }) {
    const [member] = members;
    if (member === undefined) return;
    await stop(member, 'topic-recreated');
    member.start();
  },
};

/** A topic that the app names in full is gone for a while, in which another appears that its RegExp matches. */
export const namedTopicRecreated: Fault = {
  name: 'named-topic-recreated',
  // Longer than a topic that the RegExp matches may wait to be read.
  holdMs: 18_000,
  async inject({ changing }) {
    await changing.delete(namedTopic);
    await changing.find();
  },
  heal: ({ changing }) => changing.make(namedTopic),
};

/** A topic that the app writes is deleted, and made anew some seconds later. */
export const outputRecreated: Fault = {
  name: 'output-recreated',
  holdMs: 4_000,
  inject: ({ changing }) => changing.delete(changingOutput),
  heal: ({ changing }) => changing.make(changingOutput),
};

/** A topic of the RegExp and one that the app writes get a partition more, the former with records in it at once. */
export const partitionsAddedElsewhere: Fault = {
  name: 'partitions-added-elsewhere',
  holdMs: noticedMs,
  graceful: true,
  async inject({ changing }) {
    await changing.addPartition(changing.newest);
    await changing.addPartition(changingOutput);
  },
  heal: byItself,
};
