import { type Observable, Subject } from 'rxjs';
import type { Clock } from '../../base/clock.js';
import type { DriverEvent } from '../../drivers/port.js';
import { errorKind, type KafkaRxError } from '../../errors/errors.js';
import type { Logger } from '../../logging/logger.js';
import type { AppState, Health, LifecycleEvent } from './events.js';
import { HeardEvents } from './heard-events.js';
import { Retries } from './retries.js';
import { type Wait, Waits } from './waits.js';

/** The app's state, its events and its health; the first error is the one that counts. */
export class Lifecycle {
  /** What waits; each is a reason in `health()`. */
  readonly waits = new Waits((type, { reason }) => this.tell({ type, reason }));
  readonly #events = new Subject<LifecycleEvent>();
  readonly #logger: Logger;
  readonly #retries: Retries;
  /** The way out of each wait for a topic that is gone. */
  readonly #gone = new Map<string, () => void>();
  #state: AppState = 'wiring';
  #error: KafkaRxError | undefined;
  #live = true;
  #isDead = false;
  #assigned = false;
  #topics: readonly string[] = [];
  #connected = true;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#retries = new Retries(clock);
    this.waits.ask(() => this.#retries.waits);
  }

  get events$(): Observable<LifecycleEvent> {
    return new HeardEvents(this.#events, thrown => {
      this.#logger.warn({ error: errorKind(thrown) }, 'a listener of the events failed; the app goes on');
    });
  }

  get state(): AppState {
    return this.#state;
  }

  get error(): KafkaRxError | undefined {
    return this.#error;
  }

  /** Neither failed nor stopped: sinks may still expect records and must not end. A field, since each record asks. */
  get live(): boolean {
    return this.#live;
  }

  /** The topics that are subscribed and there, once the group has answered and as long as it has given partitions, or none; else undefined. */
  get reading(): readonly string[] | undefined {
    if (this.#state !== 'running' || !this.#assigned) return undefined;
    return this.#gone.size === 0 ? this.#topics : this.#topics.filter(topic => !this.#gone.has(topic));
  }

  /** What the driver tries again. */
  get retries(): readonly Wait[] {
    return this.#retries.waits;
  }

  enter(state: AppState): void {
    if (this.#state === state) return;
    this.#state = state;
    if (state === 'stopped' || state === 'failed') this.#live = false;
    this.tell({ type: 'state', state });
    if (state === 'stopped' || state === 'failed') this.#events.complete();
  }

  /** As of a process that was killed: nothing is told any more, and nothing fails. */
  die(): void {
    this.#isDead = true;
    this.#live = false;
  }

  /** Notes an error; true for the first. */
  fail(error: KafkaRxError): boolean {
    if (this.#isDead) return false;
    if (this.#error !== undefined) {
      this.#logger.warn({ code: error.code }, error.message);
      return false;
    }
    this.#error = error;
    this.#live = false;
    this.tell({ type: 'failed', error });
    return true;
  }

  tell(event: LifecycleEvent): void {
    if (this.#isDead) return;
    if (event.type === 'assigned') this.#assigned = true;
    if (event.type === 'subscribed') this.#topics = event.topics;
    if (event.type === 'revoking' || event.type === 'lost') this.#assigned = false;
    if (event.type === 'driver') this.#noteDriver(event.event);
    this.#log(event);
    this.#events.next(event);
  }

  health(): Health {
    const waits = this.waits.all;
    const reasons: string[] = [];
    if (this.#error !== undefined) reasons.push(this.#error.message);
    if (this.#state !== 'running') reasons.push(`the app is ${this.#state}`);
    if (this.#state === 'running' && !this.#assigned)
      reasons.push('the group has not assigned its partitions yet');
    if (!this.#connected) reasons.push('the driver has lost its connection');
    const ready = reasons.length === 0 && waits.every(wait => wait.ready === true);
    for (const { reason } of waits) if (!reasons.includes(reason)) reasons.push(reason);
    return {
      state: this.#state,
      ready,
      live: this.#error === undefined && this.#state !== 'failed',
      reasons,
    };
  }

  #noteDriver(event: DriverEvent): void {
    if (event.type === 'topic-gone' && !this.#gone.has(event.topic)) {
      this.#gone.set(
        event.topic,
        this.waits.begin({ reason: `the topic '${event.topic}' does not exist any more` }),
      );
    }
    if (event.type === 'topic-back') {
      this.#gone.get(event.topic)?.();
      this.#gone.delete(event.topic);
    }
    if (event.type === 'retrying') this.#retries.note(event);
    if (event.type === 'retried') this.#retries.succeeded(event.what);
    if (event.type === 'connected') this.#connected = true;
    if (event.type === 'disconnected') this.#connected = false;
  }

  #log(event: LifecycleEvent): void {
    switch (event.type) {
      case 'failed':
        this.#logger.error({ code: event.error.code, ...event.error.at }, event.error.message);
        break;
      case 'commit':
        if (event.result.error !== undefined) {
          this.#logger.warn({ code: event.result.error.code }, event.result.error.message);
        }
        break;
      case 'resumed-at-store': {
        const { type, ...at } = event;
        this.#logger.warn(at, 'a store is behind what was committed: going on at its position');
        break;
      }
      case 'store-new': {
        const { type, ...what } = event;
        this.#logger.warn(what, 'a store is new, and the group has committed with another');
        break;
      }
      case 'driver':
        this.#logger.info({ driver: event.event.type }, 'driver');
        break;
      case 'state':
        this.#logger.info({ state: event.state }, `the app is ${event.state}`);
        break;
      case 'drained':
        this.#logger.info({ pending: event.pending }, 'drained');
        break;
      case 'waiting':
        this.#logger.warn({}, event.reason);
        break;
      case 'waited':
        this.#logger.info({}, `no longer: ${event.reason}`);
        break;
      case 'subscribed':
        this.#logger.info({ topics: event.topics.join(',') }, 'subscribed');
        break;
      case 'restoring':
        this.#logger.debug(
          { task: event.task, state: event.state, have: event.have, need: event.need },
          'restoring',
        );
        break;
      default:
        this.#logger.info({ partitions: event.partitions.length }, event.type);
    }
  }
}
