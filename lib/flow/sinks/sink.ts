import { Subscription, type TeardownLogic } from 'rxjs';
import { type Place, placed } from '../../app/topology/topology-observable.js';
import type { Clock } from '../../base/clock.js';
import { nameKind } from '../../base/name-kinds.js';
import { flag } from '../../base/option-kinds.js';
import type { Fields } from '../../base/option-schema.js';
import type { Coordinates } from '../../errors/errors.js';
import { KafkaRxError } from '../../errors/errors.js';
import { isRecord } from '../../record/is-record.js';
import type { KafkaRecord } from '../../record/record.js';
import {
  type Deliveries,
  type Delivery,
  type DeliveryHost,
  deliveriesOf,
  noDeliveries,
  type Verdict,
} from '../leases/delivery.js';
import {
  copiedDeliveries,
  holdAll,
  leaseAll,
  listOf,
  releaseAll,
  withoutDelivery,
} from '../leases/leases.js';
import { type AppSink, noteAppSink } from './app-sink.js';
import { brokenStream } from './broken-stream.js';
import { TakenInUnits } from './ended-branches.js';
import { SinkSubscription } from './sink-subscription.js';

/** What every sink needs of its app. */
export interface SinkHost extends DeliveryHost {
  readonly clock: Clock;
  /** The source record that is being handed out right now, for errors that come without one. */
  readonly dispatching: Coordinates | undefined;
  /** Ends a sink that may end: what is closed by that, and had records under way, releases them. */
  end(sink: string, close: () => void): void;
  /** Notes what a branch had that has ended for good: it must not come again unnoticed. */
  branchEnded(sink: string, taken: TakenInUnits): void;
  /** Notes the way that a record took to a sink nobody was seen to subscribe. */
  observe(topic: string, place: Place): void;
}

/** @category Sinks @since 0.1.0 */
export interface SinkOptions {
  /** The sink's name in `describe()`, errors and metrics. Default: its topic or store. */
  readonly name?: string | undefined;
  /**
   * Allows the sink to complete or be unsubscribed while the app runs; records under way above it are released. Subscribed to several
   * streams of the app it ends with the last of them, or when it is unsubscribed itself; what it is subscribed to behind a plain `merge`
   * or a Subject counts as one. It has ended for good: subscribed again to a stream of the app it is refused with `SINK_ENDED`; a plain
   * `merge` or a Subject hides that, and gives it nothing. Default false: that fails the app.
   */
  readonly mayEnd?: boolean | undefined;
}

export const sinkOptions: Fields<SinkOptions> = { name: nameKind, mayEnd: flag };

/**
 * What all sinks share: the lease on receipt, and what it means when a sink ends.
 *
 * A Subscription and an Observer in one, so that rxjs hands it records without a wrapper and unsubscribing is seen.
 */
export abstract class Sink<K, V> extends Subscription implements AppSink<KafkaRecord<K, V>> {
  readonly name: string;
  /** Of the type alone: it is told by being noted. */
  declare readonly isAppSink: true;
  readonly #mayEnd: boolean;
  /** Of a sink that may end, those to streams of the app. */
  readonly #subscriptions = new Set<SinkSubscription>();
  /** It was subscribed by a stream that is none of the app's, as behind a plain `merge`, and that has not completed. */
  #subscribedUnseen = false;
  /** What it was handed by such a stream. */
  readonly #taken = new TakenInUnits();
  /** What it could not do: it may have become dead letters. */
  readonly #letters = new TakenInUnits();
  readonly #observed = new Set<string>();
  /** The topic seen last: mostly there is one, and comparing beats looking up. */
  #lastTopic = '';

  protected constructor(
    protected readonly host: SinkHost,
    protected readonly place: Place,
    { mayEnd = false }: SinkOptions,
  ) {
    super();
    this.name = place.node.id;
    this.#mayEnd = mayEnd;
    placed(this, mayEnd ? { ...place, subscription: () => this.#subscription() } : place);
    noteAppSink(this);
  }

  /** Whether what it writes is dropped with the unit of work of its record. */
  protected get writesInUnits(): boolean {
    return false;
  }

  /** Takes a leased record; must not throw, and must see to it that the lease is released in the end. */
  protected abstract take(record: KafkaRecord<K, V>): void;

  next(record: KafkaRecord<K, V>): void {
    // Anything at all may come through an untyped operator; what is no record is handled like one of no delivery.
    const deliveries = isRecord(record) ? record[deliveriesOf] : noDeliveries;
    const stranger = this.#strangerOf(deliveries);
    if (stranger !== undefined) {
      this.#refuse(deliveries, stranger);
      return;
    }
    if (!this.host.live) {
      // Not written, so not to be committed by whoever still holds a lease on it.
      holdAll(deliveries);
      this.host.dropped('after-end', 1);
      return;
    }
    if (Array.isArray(deliveries) && deliveries.length === 0) {
      this.#refuseThing(record);
      return;
    }
    if (record.topic !== this.#lastTopic) {
      this.#lastTopic = record.topic;
      if (!this.#observed.has(record.topic)) {
        this.#observed.add(record.topic);
        this.host.observe(record.topic, this.place);
      }
    }
    if (this.#subscribedUnseen && this.#mayEnd && this.writesInUnits) this.#taken.note(deliveries);
    if (leaseAll(deliveries, this.name)) this.take(record);
  }

  /** No record, or one of no delivery; what it may be a copy of is not committed. */
  #refuseThing(record: KafkaRecord): void {
    const deliveries = copiedDeliveries(record);
    holdAll(deliveries);
    this.host.fail(withoutDelivery(this.name, listOf(deliveries).at(-1) ?? this.host.dispatching, record));
  }

  /** The delivery of a record that another app has made; undefined where all are of this one. */
  #strangerOf(deliveries: Deliveries): Delivery | undefined {
    if (Array.isArray(deliveries)) {
      return deliveries.find(({ lane }: Delivery) => lane.host.app !== this.host.app);
    }
    const delivery = deliveries as Delivery;
    const { host } = delivery.lane;
    // Behind `through` a record's host is not the app itself, but stands for it.
    return host === this.host || host.app === this.host.app ? undefined : delivery;
  }

  /** Whoever made the record would commit it, whatever becomes of it here: both apps fail. */
  #refuse(deliveries: Deliveries, at: Delivery): void {
    const error = new KafkaRxError(
      'WITHOUT_DELIVERY',
      `'${this.name}' was handed a record that another app has made`,
      {
        at,
        remedy:
          'Subscribe sinks of the app that made it; between two apps records go by way of a topic, written by ' +
          'app.to of the one and read by app.topic of the other',
      },
    );
    holdAll(deliveries);
    for (const { lane } of listOf(deliveries)) lane.host.fail(error);
    if (this.host.live) this.host.fail(error);
  }

  error(error: unknown): void {
    if (this.host.live) this.host.fail(brokenStream(error, this.name, this.host.dispatching));
    super.unsubscribe();
  }

  complete(): void {
    if (!this.#subscribedUnseen || this.#subscriptions.size === 0 || !this.host.live) {
      this.#end('completed');
      return;
    }
    this.#subscribedUnseen = false;
    this.#branchEnded(this.#taken);
    this.host.end(this.name, () => super.unsubscribe());
  }

  /** Called by rxjs where it is handed the sink itself. */
  override add(teardown: TeardownLogic): void {
    this.#subscribedUnseen = true;
    super.add(teardown);
  }

  override unsubscribe(): void {
    if (!this.closed || this.#subscriptions.size > 0) this.#end('was unsubscribed');
  }

  #subscription(): SinkSubscription {
    const subscription = new SinkSubscription(this, this.writesInUnits ? new TakenInUnits() : undefined);
    this.#subscriptions.add(subscription);
    return subscription;
  }

  /** @see SubscribedSink.left */
  left(subscription: SinkSubscription, close: () => void): void {
    this.#subscriptions.delete(subscription);
    if (!this.host.live) {
      close();
      return;
    }
    this.#branchEnded(subscription.taken);
    const isLast = this.#subscriptions.size === 0 && !this.#subscribedUnseen;
    if (isLast) this.place.graph.ends.sinkEnded(this.name);
    this.host.end(this.name, () => {
      close();
      if (isLast) super.unsubscribe();
    });
  }

  #branchEnded(taken: TakenInUnits | undefined): void {
    if (taken !== undefined) this.host.branchEnded(this.name, taken);
    this.host.branchEnded(this.name, this.#letters);
  }

  /** The app fails first: what this closes must find it failed, and hold what it has under way. */
  #end(how: string): void {
    if (!this.host.live) this.#close();
    else if (this.#mayEnd) {
      this.place.graph.ends.sinkEnded(this.name);
      this.#branchEnded(this.#taken);
      this.host.end(this.name, () => this.#close());
    } else {
      this.host.fail(
        new KafkaRxError(
          'SINK_ENDED',
          `The sink '${this.name}' ${how} while the app runs: its records would be lost`,
          {
            at: this.host.dispatching,
            remedy:
              'Look for take, takeUntil, first or a switchMap before it, stop the app with stop(), or set mayEnd',
          },
        ),
      );
      this.#close();
    }
  }

  #close(): void {
    super.unsubscribe();
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  /** A problem with one record at this sink: the policy decides, and the lease ends. */
  protected problemWith(
    deliveries: Deliveries,
    stage: 'encode' | 'produce' | 'store' | 'process',
    error: KafkaRxError,
    verdict: Verdict | undefined,
  ): void {
    // The record's own host: behind `through` that is not the app itself.
    const host = listOf(deliveries)[0]?.lane.host ?? this.host;
    if (this.#mayEnd) {
      this.#letters.note(deliveries);
      // It has ended while this was under way.
      if (this.closed) this.host.branchEnded(this.name, this.#letters);
    }
    host.problem({ stage, node: this.name, error, verdict }, deliveries);
    releaseAll(deliveries);
  }
}
