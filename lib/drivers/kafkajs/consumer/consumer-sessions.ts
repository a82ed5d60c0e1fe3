import type { Timer } from '../../../base/clock.js';
import { KafkaRxError } from '../../../errors/errors.js';
import type { ConsumerListener, DriverContext, TopicPartition } from '../../port.js';
import { backoffMs } from '../backoff.js';
import { closedError, fatalErrorOf, kindOf, passingError, reasonOf } from '../errors.js';
import { type ClusterQueries, requireTopics } from '../kafkajs-path.js';

/** Between two sessions, milliseconds at most. */
const restartCapMs = 5_000;

/** @see DriverEvent */
const whatIsTried = 'consumer session';

/** One kafkajs consumer, from connecting to its end; the membership of the group outlives it. */
export interface ClientSession {
  /** Connects and joins; what comes of it is told by events. Never rejects. */
  run(): Promise<void>;
  /** Settles within a few seconds. */
  close(): Promise<void>;
}

export interface SessionEvents {
  /** A join is complete: the whole new assignment. Called before the first fetch of it. */
  readonly joined: (partitions: readonly TopicPartition[]) => void;
  /** kafkajs gave up; called once, and not after {@link ClientSession.close}. */
  readonly ended: (error: unknown) => void;
}

export interface SessionsContext<S extends ClientSession> {
  readonly driver: DriverContext;
  readonly listener: ConsumerListener;
  readonly queries: ClusterQueries;
  readonly make: (topics: readonly string[], events: SessionEvents) => S;
  /** The new assignment; the calls that wait for it are settled afterwards. */
  readonly joined: (partitions: readonly TopicPartition[]) => void;
  /** A session came to its end by itself; another will be opened. */
  readonly ended: () => void;
  /** Another subscription: ends the session and has another opened, in the order that the path needs. */
  readonly replace: (before: S | undefined, open: () => Promise<void>) => Promise<void>;
  /** Stops the consumer: it has failed for good. */
  readonly stop: () => Promise<void>;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: KafkaRxError) => void;
}

/** The sessions that a consumer goes through: a crash or another subscription is a new one. */
export class ConsumerSessions<S extends ClientSession> {
  readonly #context: SessionsContext<S>;
  #topics: readonly string[];
  #state: 'new' | 'running' | 'stopped' = 'new';
  #current: S | undefined;
  #failures = 0;
  #connected = true;
  #restart: Timer | undefined;
  #waiting: Waiting[] = [];

  constructor(context: SessionsContext<S>, topics: readonly string[]) {
    this.#context = context;
    this.#topics = topics;
  }

  get current(): S | undefined {
    return this.#current;
  }

  /** The subscription. */
  get topics(): readonly string[] {
    return this.#topics;
  }

  get running(): boolean {
    return this.#state === 'running';
  }

  async start(): Promise<void> {
    if (this.#state !== 'new') throw closedError('consumer');
    this.#state = 'running';
    try {
      await this.#requireTopics(this.#topics);
    } catch (error) {
      // Nothing was begun: it may be started again, unless it was stopped meanwhile.
      if (this.running) this.#state = 'new';
      throw error;
    }
    return this.#openAndJoin();
  }

  async subscribe(topics: readonly string[]): Promise<void> {
    if (this.#state === 'stopped') throw closedError('consumer');
    const same = topics.length === this.#topics.length && topics.every(topic => this.#topics.includes(topic));
    if (same) return;
    if (this.#state === 'new') {
      this.#topics = topics;
      return;
    }
    await this.#requireTopics(topics);
    this.#topics = topics;
    // kafkajs takes no other subscription while it runs, so the member goes on in a new session.
    return this.#context.replace(this.#current, () => this.#openAndJoin());
  }

  /** Opens nothing more. Returns whether there was a session ever; whoever waits is told by `rejectWaiting`. */
  stop(): boolean {
    const started = this.#state !== 'new';
    this.#state = 'stopped';
    this.#restart?.cancel();
    return started;
  }

  rejectWaiting(): void {
    this.#settle(waiting => waiting.reject(closedError('consumer')));
  }

  /** Tells once when the group is out of reach, and once when it is back. */
  setConnected(failure: unknown): void {
    const connected = failure === undefined;
    if (connected === this.#connected || !this.running) return;
    this.#connected = connected;
    const error = passingError('DRIVER', 'The group cannot be reached', failure);
    this.#context.driver.event(connected ? { type: 'connected' } : { type: 'disconnected', error });
  }

  /** For good: the caller that waits hears it, otherwise the listener. */
  fail(error: KafkaRxError): void {
    if (!this.running) return;
    const waiting = this.#waiting.length > 0;
    this.#settle(({ reject }) => reject(error));
    void this.#context.stop();
    if (!waiting) this.#context.listener.failed(error);
  }

  /** Opens a session and resolves once its first assignment was handed over. */
  #openAndJoin(): Promise<void> {
    // Stopped while the topics were looked up.
    if (!this.running) return Promise.reject(closedError('consumer'));
    const joined = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
    this.#open();
    return joined;
  }

  /** Opens another; of two that are open both would join as the same member. */
  #open(): void {
    if (!this.running) return;
    this.#restart?.cancel();
    const before = this.#current;
    let session: S | undefined;
    try {
      session = this.#make();
    } catch (error) {
      // kafkajs looks at its options here; another try would meet the same.
      this.fail(fatalErrorOf(error) ?? notMade(error));
      return;
    }
    this.#current = session;
    void session.run();
    void before?.close();
  }

  #make(): S {
    const session: S = this.#context.make(this.#topics, {
      joined: partitions => {
        if (session === this.#current) this.#joined(partitions);
      },
      ended: error => {
        if (session === this.#current) this.#ended(error);
      },
    });
    return session;
  }

  #joined(partitions: readonly TopicPartition[]): void {
    if (!this.running) return;
    if (this.#failures > 0) this.#context.driver.event({ type: 'retried', what: whatIsTried });
    this.#failures = 0;
    this.setConnected(undefined);
    this.#context.joined(partitions);
    this.#settle(waiting => waiting.resolve());
  }

  #ended(error: unknown): void {
    if (!this.running) return;
    const fatal = fatalErrorOf(error);
    if (fatal !== undefined) {
      this.fail(fatal);
      return;
    }
    const attempt = ++this.#failures;
    const delayMs = backoffMs(attempt, restartCapMs);
    const { clock, event, logger } = this.#context.driver;
    logger.warn({ attempt, delayMs, reason: kindOf(error) }, 'consumer session ended; opening another');
    this.setConnected(error);
    event({ type: 'retrying', what: whatIsTried, attempt, delayMs, reason: reasonOf(error) });
    this.#context.ended();
    this.#restart = clock.schedule(() => this.#open(), delayMs);
  }

  #settle(settle: (waiting: Waiting) => void): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) settle(one);
  }

  async #requireTopics(topics: readonly string[]): Promise<void> {
    try {
      await requireTopics(this.#context.queries, topics);
    } catch (error) {
      const fatal = fatalErrorOf(error);
      if (fatal !== undefined) throw fatal;
      // Down at the start: the sessions go on trying, and tell of it.
    }
  }
}

function notMade(cause: unknown): KafkaRxError {
  return new KafkaRxError('DRIVER', `kafkajs refuses to make a consumer: ${kindOf(cause)}`, {
    cause,
    remedy: 'Look at sessionTimeoutMs and rebalanceTimeoutMs, which it gets beside its own options',
  });
}
