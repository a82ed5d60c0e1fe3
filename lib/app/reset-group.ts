import { startFromKind } from '../base/check-start-from.js';
import { type Clock, systemClock, type Timer } from '../base/clock.js';
import { identityKind, nameKind } from '../base/name-kinds.js';
import { clock as clockKind, list, required } from '../base/option-kinds.js';
import { checkOptions, type Fields } from '../base/option-schema.js';
import { topicNameKind } from '../base/topic-name.js';
import type { Driver, DriverConnection, PartitionOffset, StartFrom } from '../drivers/port.js';
import { KafkaRxError } from '../errors/errors.js';
import { type Logger, silentLogger } from '../logging/logger.js';
import { redactingLogger } from '../logging/redacting-logger.js';
import { backendKind, type StateBackends } from '../state/backend.js';
import { askStore } from '../stores/ask-store.js';
import { originOf } from '../stores/origin.js';
import { type DocumentStore, resetStoreKind, type StorePosition } from '../stores/port.js';
import { defaults } from './defaults.js';
import { slowMs } from './lifecycle/slow-work.js';
import { appOptions, driverKind, loggerKind } from './options.js';
import { isUnreachable, StartTries } from './start-tries.js';
import { changelogOf, internalTopicOf } from './states/names-of-topics.js';
import { claimStores } from './store-claims.js';

/** What {@link resetGroup} takes. @category App @since 0.1.0 */
export interface ResetOptions {
  /** The Kafka client, as the app has it. */
  readonly driver: Driver;
  readonly groupId: string;
  /** The source topics whose offsets are set, all of their partitions. */
  readonly topics: readonly string[];
  /** Where the group goes on. `timestamp`: the first record at or after it, in ms; the end where there is none. */
  readonly to: StartFrom;
  /** The stores that the group fills; those without positions have nothing to be told. */
  readonly stores?:
    | readonly Pick<DocumentStore<unknown>, 'name' | 'open' | 'close' | 'positions'>[]
    | undefined;
  /** Names of the app's states, as `app.state` has them: they begin empty. All that are made of these topics; one that is left out fails the app. Default: none. */
  readonly states?: readonly string[] | undefined;
  /** Names of the app's internal topics, as `app.internal` has them. Default: none. */
  readonly internal?: readonly string[] | undefined;
  /** Where the states lie beside their changelogs, such as `lmdbBackend` of a folder, on this machine. Default: nowhere. */
  readonly backends?: readonly StateBackends[] | undefined;
  /** Milliseconds of tries to reach a broker; 0: one try. Default 30,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Default: the driver's clock, or the machine's. */
  readonly clock?: Clock | undefined;
  /** Warned of a store that takes more than 5,000 ms: nothing bounds how long it may. Default: silent. */
  readonly logger?: Logger | undefined;
}

export const resetOptions: Fields<ResetOptions> = {
  driver: required(driverKind),
  groupId: required(identityKind),
  topics: required(list(topicNameKind, 1)),
  to: required(startFromKind),
  stores: list(resetStoreKind),
  states: list(nameKind),
  internal: list(nameKind),
  backends: list(backendKind),
  connectTimeoutMs: appOptions.connectTimeoutMs,
  clock: clockKind,
  logger: loggerKind,
};

/** Milliseconds between two words of a store that takes long. */
const tellAgainMs = 30_000;

/**
 * Sends a group back, or ahead, on purpose: sets its offsets and tells its stores, which give up what they hold of the
 * records from there on, since those will be read again.
 *
 * Offsets first: the broker refuses them while the group has a member, and then nothing was changed. Cut off before the
 * stores were told, nothing is lost, but what they hold stays beside what is made anew: reset again.
 *
 * States are made anew of what is read again: then their changelogs and the internal topics are deleted, and last what backends
 * keep on this machine. Cut off in between, an app that starts refuses what is left (`CUT_MISSING`, `CHANGELOG_LOST`), or needs no more of
 * it: reset again.
 *
 * @returns what was set, by topic and partition
 * @throws by rejection `CONFIGURATION` for options that cannot be and for a store that the app of another group has in this process,
 *   `GROUP_ACTIVE` while the group has members, `MISSING_TOPIC`, `UNREACHABLE`, `STORE`
 * @example
 * ```ts
 * await resetGroup({ driver, groupId: 'purchases', topics: ['transactions'], to: 'earliest', stores: [history] });
 * ```
 * @category App @since 0.1.0
 */
export async function resetGroup(options: ResetOptions): Promise<readonly PartitionOffset[]> {
  checkOptions('resetGroup', resetOptions, options, defaults);
  const release = claimStores(options.stores ?? [], options.groupId, { reset: true });
  try {
    return await reset(options);
  } finally {
    for (const store of options.stores ?? []) release(store);
  }
}

async function reset(options: ResetOptions): Promise<readonly PartitionOffset[]> {
  const { driver, groupId, connectTimeoutMs = defaults.connectTimeoutMs, logger = silentLogger } = options;
  const clock = options.clock ?? driver.clock ?? systemClock;
  const context = { clientId: `${groupId}-reset`, clock, logger: redactingLogger(logger), event: () => {} };
  const tries = new StartTries({
    clock,
    event: context.event,
    timeoutMs: connectTimeoutMs,
    ended: () => false,
  });
  const connection = await tries.of('connect', () => driver.connect(context), isUnreachable);
  const { stores = [] } = options;
  const ask = asking(clock, context.logger);
  const work = setBack(connection, options, ask);
  await work.catch(() => {});
  // Whatever becomes of one, the others are closed; the first error is the one that is told.
  const closed = await Promise.allSettled(stores.map(store => ask(store, 'be closed', () => store.close())));
  await connection.close();
  const positions = await work;
  for (const one of closed) if (one.status === 'rejected') throw one.reason;
  return positions;
}

type ResetStore = NonNullable<ResetOptions['stores']>[number];

type Ask = (store: ResetStore, doing: string, work: () => unknown) => Promise<void>;

/** There is no `health()` to ask here: what a store takes long for is told by the logger, since it has no bound. */
function asking(clock: Clock, logger: Logger): Ask {
  return async (store, doing, work) => {
    const { name } = store;
    const remedy = 'Look at what it needs: a folder, permissions, a server. Then reset again';
    const since = clock.elapsed();
    let timer: Timer;
    const tell = (): void => {
      const seconds = Math.round((clock.elapsed() - since) / 1000);
      logger.warn({ store: name, seconds }, `resetGroup waits for the store '${name}' to ${doing}`);
      timer = clock.schedule(tell, tellAgainMs);
    };
    timer = clock.schedule(tell, slowMs);
    try {
      await askStore({ store: name, doing, remedy }, work);
    } finally {
      timer.cancel();
    }
  };
}

async function setBack(
  connection: DriverConnection,
  options: ResetOptions,
  ask: Ask,
): Promise<readonly PartitionOffset[]> {
  const { groupId, stores = [], states = [], internal = [], backends = [] } = options;
  const positions = await positionsOf(connection, options);
  const internalTopics = internal.map(name => internalTopicOf(groupId, name));
  for (const store of stores) await ask(store, 'be opened', () => store.open(positions));
  await connection.admin.resetOffsets(groupId, [...positions, ...(await endsOf(connection, internalTopics))]);
  const deleted = [states.map(name => changelogOf(groupId, name)), internalTopics];
  // What is in internal topics is behind the group from here on, and is written again for states that are empty.
  for (const topics of deleted) if (topics.length > 0) await connection.admin.deleteTopics(topics);
  for (const backend of backends) await backend.clear?.();
  for (const store of stores) await ask(store, 'be reset', () => store.positions?.reincarnate(positions));
  return positions.map(({ topic, partition, offset }) => ({ topic, partition, offset }));
}

/** Of those that there are. */
async function endsOf(
  connection: DriverConnection,
  topics: readonly string[],
): Promise<readonly PartitionOffset[]> {
  const ends: PartitionOffset[] = [];
  if (topics.length === 0) return ends;
  for (const { name: topic } of await connection.topics(topics)) {
    const offsets = await connection.admin.offsets(topic, 'latest');
    for (const [partition, offset] of offsets.entries()) ends.push({ topic, partition, offset });
  }
  return ends;
}

async function positionsOf(
  connection: DriverConnection,
  { topics, to }: ResetOptions,
): Promise<(PartitionOffset & StorePosition)[]> {
  const found = await connection.topics(topics);
  const missing = topics.filter(topic => !found.some(({ name }) => name === topic));
  if (missing.length > 0) {
    throw new KafkaRxError(
      'MISSING_TOPIC',
      `There is no topic ${missing.map(name => `'${name}'`).join(', ')}`,
      {
        remedy: 'Correct its name; there is nothing to reset',
      },
    );
  }
  const positions: (PartitionOffset & StorePosition)[] = [];
  for (const description of found) {
    const origin = originOf(connection, description);
    const offsets = await connection.admin.offsets(description.name, to);
    for (const [partition, offset] of offsets.entries()) {
      positions.push({ topic: description.name, origin, partition, offset });
    }
  }
  return positions;
}
