import type { Subscriber } from 'rxjs';
import { wallMs } from '../../lib/base/wall-ms.js';
import type { Lane } from '../../lib/flow/leases/delivery.js';
import { emitSeveral, endedBefore, giveUp, release } from '../../lib/flow/leases/leases.js';
import type { HeldBack, Job } from '../../lib/flow/tasks/job.js';
import type { KafkaRecord } from '../../lib/record/record.js';
import type { Processor } from '../../lib/state/processors/processor.js';
import { resultsAtOnce, stateFailed } from './parts-of-turns.js';
import type { OperatorPlace, StateOperator } from './state-operator-parts.js';
import { StateTurn } from './state-turn.js';

/**
 * What an operator holds back to the barrier of its task. It is handed on there, when all else has settled, in parts and in a turn of its own, so that
 * it is in the unit of the records that it was made of, and settles in it.
 */
export class HeldResults<K, V, A, L, R, I> implements HeldBack, Job {
  readonly #parts: StateOperator<K, V, A, L, R, I>;
  readonly #subscriber: Subscriber<KafkaRecord<L, R>>;
  readonly #where: OperatorPlace;
  readonly #processor: Processor<V, A>;
  readonly #turn: StateTurn<K, V, A, L, R, I>;
  /** Of the last record of the unit; undefined: nothing is held back. */
  #lane: Lane | undefined;
  /** Leased: in which it is handed on. */
  #record: KafkaRecord<I, V> | undefined;

  constructor(
    parts: StateOperator<K, V, A, L, R, I>,
    subscriber: Subscriber<KafkaRecord<L, R>>,
    where: OperatorPlace,
    processor: Processor<V, A>,
  ) {
    this.#parts = parts;
    this.#subscriber = subscriber;
    this.#where = where;
    this.#processor = processor;
    this.#turn = new StateTurn(parts, subscriber);
  }

  /** A record was taken. */
  look(lane: Lane): void {
    if (this.#lane !== undefined || this.#processor.holds !== true) return;
    this.#lane = lane;
    lane.jobs?.holdBack(this);
  }

  /** @see HeldBack.order */
  get order(): number {
    return this.#where.order;
  }

  /** @see HeldBack.release */
  release(): void {
    const lane = this.#lane;
    this.#lane = undefined;
    // A record was handed out in this unit: there is one.
    const delivery = lane?.jobs?.turn(lane);
    if (lane === undefined || delivery === undefined) return;
    // There is a window for each part of it.
    delivery.closeWindow();
    this.#record = this.#turn.beginOwn(delivery, wallMs(lane.host.clock));
    lane.jobs?.add(this);
  }

  /** It is in no table: no cut may be made before it is out. @see Job.waiting */
  get waiting(): number {
    return this.#record === undefined ? 0 : 1;
  }

  /** @see Job.run */
  run(): boolean {
    const record = this.#record;
    if (record === undefined) return false;
    if (this.#subscriber.closed) {
      this.#record = undefined;
      giveUp(record);
      return false;
    }
    let isMore = true;
    emitSeveral(this.#subscriber, record, () => {
      isMore = this.#part(record);
    });
    if (isMore) return true;
    this.#record = undefined;
    release(record);
    return false;
  }

  #part(record: KafkaRecord<I, V>): boolean {
    try {
      return this.#processor.release?.(resultsAtOnce, this.#turn) === true;
    } catch (cause) {
      // What failed is held back no more: it goes on behind it.
      stateFailed(record, this.#where.node, cause, this.#parts.onError, this.#subscriber);
      return this.#processor.holds === true;
    }
  }

  /** @see Job.rest: a cut is not made before it is out. */
  rest(): void {}

  /** @see Job.drop */
  drop(held: boolean): void {
    const record = this.#record;
    this.#record = undefined;
    if (record !== undefined && !(held && endedBefore(record))) release(record);
  }
}
