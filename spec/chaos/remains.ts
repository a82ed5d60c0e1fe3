import { type ChangingTopics, changingOutput } from './changing-topics.js';
import { type ChangingEvidence, type CommittedSample, type Evidence, outputTopics } from './evidence.js';
import { readChangingStores, readStores, readTopics } from './final-read.js';
import { inputTopic } from './messages.js';
import type { TopicAdmin } from './topic-admin.js';

/** What topics and stores hold when all has stopped, and every commit of the group. */
type Remains = Pick<Evidence, 'log' | 'outputs' | 'writes' | 'documents' | 'changing'> & {
  readonly commits: readonly CommittedSample[];
};

interface Topics {
  readonly admin: TopicAdmin;
  readonly changing: ChangingTopics;
}

/** @param folders of all members that there ever were */
export async function readRemains(
  brokers: readonly string[],
  { admin, changing }: Topics,
  folders: readonly string[],
): Promise<Remains> {
  const names = [inputTopic, ...outputTopics, changingOutput, ...changing.read];
  const { topics, commits } = await readTopics(brokers, names);
  const { documents, writes } = await readStores(folders);
  const of = (topic: string) => topics.get(topic) ?? [];
  return {
    commits,
    log: of(inputTopic),
    outputs: { patterns: of('patterns'), rewards: of('rewards'), purchases: of('purchases') },
    writes,
    documents,
    changing: {
      lives: changing.lives,
      log: changing.read.flatMap(topic => of(topic).map(record => ({ ...record, topic }))),
      output: of(changingOutput),
      documents: await readChangingStores(folders),
      committed: await changingOffsets(admin, changing),
    },
  };
}

/** Where the group stands in the topics that come and go, and where they end. */
export async function changingOffsets(
  admin: TopicAdmin,
  changing: ChangingTopics,
): Promise<ChangingEvidence['committed']> {
  const all = await Promise.all(
    changing.read.map(async topic => {
      const [ends, committed] = [await admin.ends(topic), await admin.committed(topic)];
      return [...ends].map(([partition, end]) => ({
        ...{ topic, partition, end },
        offset: committed.get(partition) ?? -1,
      }));
    }),
  );
  return all.flat();
}
