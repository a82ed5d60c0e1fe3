import type { Subscriber } from 'rxjs';
import type { Delivery } from '../../lib/flow/leases/delivery.js';
import { hostOf } from '../../lib/flow/leases/leases.js';
import { deliveredAs, type KafkaRecord, recordOfTurn, resultOf } from '../../lib/record/record.js';
import type { NotTaken, ProcessorOutput } from '../../lib/state/processors/processor.js';
import { sourceDigest } from '../../lib/stores/source-digest.js';
import type { TimeWindow } from '../../lib/time/windows.js';
import type { Current, StateOperator } from './state-operator-parts.js';

/** What a replay makes again stands at another offset, and is the same. */
const sameEachTime = { of: { offset: 0 }, node: undefined };

/** One turn: of a record, or of the task; and who hears what comes of it. */
export class StateTurn<K, V, A, L, R, I> implements ProcessorOutput<A>, Current<I, V> {
  readonly #parts: StateOperator<K, V, A, L, R, I>;
  readonly #subscriber: Subscriber<KafkaRecord<L, R>>;
  #record: KafkaRecord<I, V> | undefined;
  #side = 0;
  #key: K | null | undefined;
  #text: string | undefined;
  #results = 0;
  /** It was told once, whatever number of its windows are closed. */
  #isLate = false;
  /** It came of no record. */
  #own: Delivery | undefined;
  /** What tells its results from others; where it came of no record. */
  #identity: string | undefined;
  /** What a timer makes. */
  #timer: string | undefined;

  constructor(parts: StateOperator<K, V, A, L, R, I>, subscriber: Subscriber<KafkaRecord<L, R>>) {
    this.#parts = parts;
    this.#subscriber = subscriber;
  }

  /** Whose turn it is. */
  get record(): KafkaRecord<I, V> {
    if (this.#record === undefined) throw new Error('a turn has begun');
    return this.#record;
  }

  get side(): number {
    return this.#side;
  }

  begin(record: KafkaRecord<I, V>, side: number): string | undefined {
    const { state, plainKey } = this.#parts;
    this.#record = record;
    this.#side = side;
    this.#own = undefined;
    this.#results = 0;
    this.#isLate = false;
    this.#key = plainKey(record.key);
    this.#text = this.#key === null || this.#key === undefined ? undefined : state.keyText(this.#key);
    return this.#text;
  }

  /** The same turn goes on in another delivery, since that of its record has settled. */
  goOn(record: KafkaRecord<I, V>, delivery: Delivery): KafkaRecord<I, V> {
    if (this.#own !== undefined) {
      this.#own = delivery;
      delivery.replay = sameEachTime;
    }
    this.#record = deliveredAs(record, delivery);
    return this.#record;
  }

  /** A turn that came of no record. */
  beginOwn(delivery: Delivery, now: number): KafkaRecord<I, V> {
    this.#own = delivery;
    this.#text = undefined;
    this.#identity = undefined;
    delivery.replay = sameEachTime;
    // It is asked for coordinates and its delivery only.
    this.#record = recordOfTurn(delivery, '', now, delivery) as unknown as KafkaRecord<I, V>;
    return this.#record;
  }

  /** What is made until it is told another is a timer's. */
  identify(timer: string | undefined): void {
    this.#timer = timer;
  }

  result(key: string, window: TimeWindow | undefined, value: A | null, timestamp: number): void {
    const { state, keyOf, resultOf: made } = this.#parts;
    const record = this.#own === undefined ? this.record : this.#named(this.#own, key, window, timestamp);
    // Mostly it is the record's own, which is there then.
    const given = key === this.#text ? (this.#key as K) : state.keyOf(key, record.partition);
    this.#subscriber.next(resultOf(record, keyOf(given, window), made(value), timestamp, this.#results++));
  }

  /** By the state, and the timer or the window: that is the same whenever the turn comes. */
  #named(own: Delivery, key: string, window: TimeWindow | undefined, timestamp: number): KafkaRecord {
    const identity = this.#timer ?? JSON.stringify([key, window?.start, window?.end]);
    if (identity !== this.#identity) this.#results = 0;
    this.#identity = identity;
    const { ordinal } = sourceDigest(`${this.#parts.state.name} ${identity}`);
    return recordOfTurn(own, ordinal, timestamp, own);
  }

  notTaken(why: NotTaken, _window: TimeWindow | undefined): void {
    const { late } = this.#parts;
    hostOf(this.record)?.dropped(why, 1);
    if (late === undefined || why !== 'late' || this.#isLate) return;
    this.#isLate = true;
    late.next(this.record);
  }
}
