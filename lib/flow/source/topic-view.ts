import type { Observable, Subscriber } from 'rxjs';
import { type Place, TopologyObservable } from '../../app/topology/topology-observable.js';
import { callForAll } from '../../base/call-for-all.js';
import type { Clock } from '../../base/clock.js';
import { disregard } from '../../base/disregard.js';
import type { Codec } from '../../codecs/codec.js';
import { declare, declaredShape } from '../../codecs/declared.js';
import type { SourceRecord } from '../../drivers/port.js';
import { type Coordinates, errorKind, isKafkaRxError, KafkaRxError } from '../../errors/errors.js';
import { located } from '../../errors/located.js';
import { ofPart } from '../../errors/of-part.js';
import { dispatchedRecord, type KafkaRecord } from '../../record/record.js';
import { refuseLater } from '../../record/refuse-later.js';
import type { Delivery, Verdict } from '../leases/delivery.js';
import { type RecordTime, timeOf } from './record-time.js';
import type { TopicPattern } from './topic-pattern.js';

const atOnce =
  "Have the codec's decode give its value at once; what it has to load first belongs into its prepare, which is awaited";

/**
 * One `app.topic(…)`: the topics it names, its codecs, its subscribers. Several views of one topic see the same
 * delivery, each decoded its own way.
 */
export class TopicView<K = unknown, V = unknown> {
  readonly records$: Observable<KafkaRecord<K, V>>;
  /** Replaced, never changed, so that a subscriber who comes or goes during `next` disturbs no loop. */
  #subscribers: readonly Subscriber<KafkaRecord<K, V>>[] = [];
  #completed = false;

  constructor(
    readonly place: Place,
    readonly pattern: TopicPattern,
    readonly key: Codec<K>,
    readonly value: Codec<V>,
    readonly onDecodeError: Verdict | undefined,
    /** Headers of dead letters are what it is there for. */
    readonly deadLetters: boolean,
    readonly time: RecordTime<V> | undefined,
    subscribersChanged: () => void,
  ) {
    this.records$ = new TopologyObservable(place, subscriber => {
      if (this.#completed) {
        subscriber.complete();
        return undefined;
      }
      this.#subscribers = [...this.#subscribers, subscriber];
      subscribersChanged();
      return () => {
        this.#subscribers = this.#subscribers.filter(other => other !== subscriber);
        subscribersChanged();
      };
    });
    declare(this.records$, declaredShape(value));
  }

  get name(): string {
    return this.place.node.id;
  }

  get isHeard(): boolean {
    return this.#subscribers.length > 0;
  }

  /** Decodes a record and runs it through everything subscribed; returns when every synchronous step has run. */
  deliver(source: SourceRecord, delivery: Delivery): void {
    const record = this.#decode(source, delivery);
    if (record === undefined) return;
    const { lane } = delivery;
    if (lane.newest !== undefined && record.timestamp > lane.newest) lane.newest = record.timestamp;
    for (const subscriber of this.#subscribers) subscriber.next(record);
  }

  /**
   * The timestamp of a record of which it is not the turn yet; undefined: this view says nothing of it. -1, before all others, where
   * the record will be a problem in its turn. Decodes its value for that alone.
   */
  timestampAhead(source: SourceRecord, at: Coordinates, clock: Pick<Clock, 'now'>): number | undefined {
    if (this.time === undefined) return undefined;
    try {
      const value = this.time.timestamp && this.value.decode(source.value, at);
      refuseLater(value, 'DECODE', atOnce);
      return timeOf(value, source.timestamp, this.time, clock);
    } catch (cause) {
      disregard(cause);
      return -1;
    }
  }

  /** The app has stopped: also for who comes later. */
  complete(): void {
    this.#completed = true;
    // A teardown of the user's may throw: the branches beside it hear of the end all the same.
    callForAll(this.#subscribers, subscriber => subscriber.complete());
  }

  #decode(source: SourceRecord, delivery: Delivery): KafkaRecord<K, V> | undefined {
    let key: K | undefined;
    let value: V | undefined;
    let part: 'key' | 'value' | 'timestamp' = 'key';
    try {
      key = this.key.decode(source.key, delivery);
      part = 'value';
      value = this.value.decode(source.value, delivery);
      refuseLater(key, 'DECODE', atOnce);
      refuseLater(value, 'DECODE', atOnce);
      let { timestamp } = source;
      if (this.time !== undefined) {
        part = 'timestamp';
        timestamp = timeOf(value, timestamp, this.time, delivery.lane.host.clock);
      }
      return dispatchedRecord(
        key,
        value,
        source.headers,
        timestamp,
        delivery.lane.topic,
        delivery.lane.partition,
        source.offset,
        delivery,
      );
    } catch (cause) {
      disregard(key);
      disregard(value);
      // A codec's own error says rule and path; a stranger's message may quote its input, so only its kind is told.
      const error = isKafkaRxError(cause, 'DECODE')
        ? part === 'value'
          ? located(cause, this.name, delivery)
          : ofPart(part, cause, this.name, delivery)
        : new KafkaRxError(
            'DECODE',
            `The ${part === 'timestamp' ? 'timestamp' : `${part} codec`} of '${this.name}' threw ${errorKind(cause)}`,
            {
              at: delivery,
              remedy: `Mend ${part === 'timestamp' ? 'the function' : 'the codec'} or the producer, or give the source a decode policy of 'skip' or 'dead-letter'`,
            },
          );
      delivery.lane.host.problem(
        { stage: 'decode', node: this.name, error, verdict: this.onDecodeError },
        delivery,
      );
      return undefined;
    }
  }
}
