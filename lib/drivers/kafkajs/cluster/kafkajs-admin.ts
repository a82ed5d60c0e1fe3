import type { Admin, Kafka } from 'kafkajs';
import { checkStartFrom } from '../../../base/check-start-from.js';
import { delay } from '../../../base/clock.js';
import { KafkaRxError } from '../../../errors/errors.js';
import { checkDeletions } from '../../deletions.js';
import type {
  CommittedText,
  DriverAdmin,
  DriverContext,
  NewTopic,
  OffsetsOptions,
  PartitionOffset,
  StartFrom,
} from '../../port.js';
import { backoffMs } from '../backoff.js';
import { fatalErrorOf, kindOf, passingError, reasonOf, topicsError, typeOf } from '../errors.js';
import type { ClusterQueries } from '../kafkajs-path.js';

/** How long a question is asked again while the cluster is busy with itself, and a new topic is waited for. */
const patienceMs = 15_000;
const capMs = 1_000;

/**
 * Questions and orders to the cluster, each tried again for a while where the cause passes. Functions and not methods:
 * callers take them off the object.
 */
export class KafkajsAdmin implements DriverAdmin {
  readonly #driver: DriverContext;
  readonly #kafka: Kafka;
  readonly #queries: ClusterQueries;

  constructor(driver: DriverContext, kafka: Kafka, queries: ClusterQueries) {
    this.#driver = driver;
    this.#kafka = kafka;
    this.#queries = queries;
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    const there = await this.#existing(topics.map(({ name }) => name));
    const wanted = topics.filter(({ name }) => !there.has(name));
    if (wanted.length === 0) return;
    await this.#order('Topics could not be created', admin =>
      admin.createTopics({
        // kafkajs gives up at the first broker that has not heard of them yet; we wait below.
        waitForLeaders: false,
        topics: wanted.map(({ name, partitions, configs = {} }) => ({
          topic: name,
          numPartitions: partitions,
          configEntries: Object.entries(configs).map(([config, value]) => ({ name: config, value })),
        })),
      }),
    );
    await this.#persist('new topics', async () => {
      const known = await this.#existing(wanted.map(({ name }) => name));
      const missing = wanted.filter(({ name }) => !known.has(name));
      if (missing.length > 0)
        throw new KafkaRxError('DRIVER', 'A new topic is not visible yet', { retriable: true });
    });
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    const there = names.length === 0 ? [] : await this.#persist('topics', () => this.#queries.topics(names));
    if (there.length === 0) return;
    try {
      const topics = there.map(({ name }) => name);
      await this.#order('Topics could not be deleted', admin => admin.deleteTopics({ topics }));
    } catch (error) {
      // Somebody else was first, with one of them: the others are deleted all the same.
      if (typeOf(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
    }
    // One that is made anew under the name meanwhile has another id.
    const ids = new Set(there.map(({ id }) => id));
    await this.#persist('deleted topics', async () => {
      const left = (await this.#queries.topics(names)).find(({ id }) => ids.has(id));
      if (left !== undefined)
        throw new KafkaRxError('DRIVER', `Kafka still has the topic ${left.name}`, { retriable: true });
    });
  }

  readonly deleteRecords = async (offsets: readonly PartitionOffset[]): Promise<void> => {
    checkDeletions(offsets);
    await this.#persist('deletion of records', async () => {
      if (offsets.length > 0) await this.#queries.deleteRecords(offsets);
    });
  };

  readonly offsets = async (
    topic: string,
    at: StartFrom,
    { readCommitted = false }: OffsetsOptions = {},
  ): Promise<readonly number[]> => {
    checkStartFrom('offsets', at);
    return this.#persist('offsets', () => this.#queries.offsets(topic, at, readCommitted));
  };

  readonly committed = async (groupId: string, topic: string): Promise<readonly number[]> =>
    (await this.commits(groupId, topic)).map(({ offset }) => offset);

  readonly commits = (groupId: string, topic: string): Promise<readonly CommittedText[]> =>
    this.#persist('committed offsets', async () =>
      (await this.#queries.committed(groupId, topic)).map(({ offset, metadata }) => ({ offset, metadata })),
    );

  readonly resetOffsets = (groupId: string, offsets: readonly PartitionOffset[]): Promise<void> =>
    this.#persist('reset of offsets', async () => {
      if (offsets.length > 0) await this.#queries.resetOffsets(groupId, offsets);
    });

  /** By an admin of kafkajs's that lives as long as the order: it goes on asking for the metadata of every topic that it has heard of. */
  async #order(what: string, give: (admin: Admin) => Promise<unknown>): Promise<void> {
    const admin = this.#kafka.admin();
    try {
      await admin.connect();
      await give(admin);
    } catch (error) {
      throw topicsError(what, error);
    } finally {
      await admin.disconnect().catch(() => {});
    }
  }

  async #existing(names: readonly string[]): Promise<ReadonlySet<string>> {
    const topics = await this.#queries.topics(names);
    return new Set(topics.filter(({ ready }) => ready).map(({ name }) => name));
  }

  /** Tries again while the cause passes: a coordinator that moves, a leader that is being elected. */
  async #persist<T>(what: string, ask: () => Promise<T>): Promise<T> {
    const { clock, event } = this.#driver;
    const until = clock.elapsed() + patienceMs;
    for (let attempt = 1; ; attempt++) {
      try {
        return await ask();
      } catch (error) {
        const fatal = fatalErrorOf(error);
        if (fatal !== undefined) throw fatal;
        const delayMs = backoffMs(attempt, capMs);
        if (clock.elapsed() + delayMs > until) throw passingError('DRIVER', `No answer about ${what}`, error);
        event({ type: 'retrying', what, attempt, delayMs, reason: reasonOf(error) });
        await this.#queries.refresh().catch(cause => {
          this.#driver.logger.debug({ reason: kindOf(cause) }, 'metadata could not be refreshed');
        });
        await delay(clock, delayMs);
      }
    }
  }
}
