import type { Subscriber } from 'rxjs';
import { wallMs } from '../../lib/base/wall-ms.js';
import type { Lane } from '../../lib/flow/leases/delivery.js';
import { emitSeveral, endedBefore, giveUp, laneOf, release } from '../../lib/flow/leases/leases.js';
import type { Job } from '../../lib/flow/tasks/job.js';
import type { KafkaRecord } from '../../lib/record/record.js';
import { heldIsOld } from '../../lib/state/processors/held-for.js';
import type { Processor, ProcessorState } from '../../lib/state/processors/processor.js';
import { HeldResults } from './held-results.js';
import { IdleClosing } from './idle-closing.js';
import { LaneAlarm } from './lane-alarm.js';
import { besideTurns, resultsAtOnce, stateFailed } from './parts-of-turns.js';
import { refuseUntimed } from './refuse-untimed.js';
import { refuseRekeyed } from './rekeyed.js';
import type { Current, OperatorPlace, StateOperator } from './state-operator-parts.js';
import { StateTurn } from './state-turn.js';

/** In the cut: 1 where some of what was due was still to be handed on. */
const unfinished = 'unfinished';

/**
 * An operator with state in one task, during one era of what that keeps.
 *
 * What a record brings about is handed on in parts. Behind the first, it is a job of the task: the record stays leased, and the task hands out nothing more
 * until all of it is out. Where a unit ends before, the record settles in that unit, with what has come of it so far. That is exact, since how far
 * closing is stands in the same cut as what it has handed on, and no other record is taken before the rest is: in the next unit by this
 * object, or, after an abort or a restart, by one that reads it there.
 */
export class StateInTask<K, V, A, L, R, I> implements Job {
  readonly states: object;
  readonly era: number;
  readonly #parts: StateOperator<K, V, A, L, R, I>;
  readonly #subscriber: Subscriber<KafkaRecord<L, R>>;
  readonly #where: OperatorPlace;
  readonly #turn: StateTurn<K, V, A, L, R, I>;
  readonly #tables: ProcessorState;
  readonly #processor: Processor<V, A>;
  readonly #held: HeldResults<K, V, A, L, R, I>;
  #lane: Lane;
  /** It is among the jobs of the task. */
  #isJob = false;
  /** Whose turn goes on, leased. */
  #record: KafkaRecord<I, V> | undefined;
  /** Whose turn goes on, and was let go of at a barrier. */
  #resting: KafkaRecord<I, V> | undefined;
  #isClosing = false;
  #isRinging = false;
  /** Leased: what came while it had something to do. */
  readonly #behind: Current<I, V>[] = [];
  readonly #alarm: LaneAlarm;
  /** What the alarm is set for, in milliseconds since 1970. */
  #alarmDue = 0;
  /** Undefined: nothing is closed but by records. */
  readonly #idle: IdleClosing | undefined;
  /** Where stream time goes without a record, in the next part. */
  #passTo: number | undefined;

  /** @param lane of the task, which keeps states */
  constructor(
    parts: StateOperator<K, V, A, L, R, I>,
    subscriber: Subscriber<KafkaRecord<L, R>>,
    where: OperatorPlace,
    lane: Lane,
    states: NonNullable<Lane['states']>,
  ) {
    this.#parts = parts;
    this.#subscriber = subscriber;
    this.#where = where;
    this.#lane = lane;
    this.states = states;
    this.era = states.era;
    this.#turn = new StateTurn(parts, subscriber);
    this.#tables = states.state(parts.state.name);
    if (parts.writer.layout['held'] === undefined) heldIsOld(this.#tables.numbers);
    this.#processor = parts.processor(this.#tables, this.#turn, {
      identify: timer => this.#turn.identify(timer),
      failed: cause => this.#failed(this.#turn.record, cause),
      alarm: due => this.#alarmAt(due),
      now: () => wallMs(this.#lane.host.clock),
    });
    this.#held = new HeldResults(parts, subscriber, where, this.#processor);
    this.#alarm = new LaneAlarm(subscriber, () => this.#aside(() => this.#rings()));
    const { closeWhenIdleMs } = parts;
    if (closeWhenIdleMs !== undefined) this.#idle = this.#closingAfter(closeWhenIdleMs);
  }

  #closingAfter(afterMs: number): IdleClosing {
    return new IdleClosing({
      afterMs,
      processor: this.#processor,
      subscriber: this.#subscriber,
      lane: () => this.#lane,
      isOver: () => this.#isOver(),
      aside: look => this.#aside(look),
      pass: time => {
        this.#passTo = time;
        this.#isClosing = true;
        this.#list();
      },
    });
  }

  /** The epoch begins, or what holds stream time has risen: what was left to do is done first. */
  begins(): void {
    if (!this.#isJob && (this.#tables.numbers.get(unfinished) === 1 || this.#processor.mayRise === true)) {
      this.#isClosing = true;
      this.#list();
    }
    this.#waits();
  }

  /**
   * @param record leased; it is released when all that it brings about is done
   * @param side which of the streams it came by, from 0 up
   */
  take(record: KafkaRecord<I, V>, side: number, lane: Lane): void {
    this.#lane = lane;
    this.#idle?.took();
    if (this.#isJob) {
      this.#behind.push({ record, side });
      lane.jobs?.add(this);
    } else if (!this.#begin(record, side)) release(record);
    else if (lane.jobs === undefined) {
      while (this.#part(record) && !this.#subscriber.closed && !endedBefore(record));
      this.#isClosing = false;
      release(record);
    } else {
      this.#record = record;
      this.#list();
      this.#note(1);
    }
  }

  /** @returns whether there is more than the first part of what it brings about */
  #begin(record: KafkaRecord<I, V>, side: number): boolean {
    try {
      const key = this.#turn.begin(record, side);
      refuseUntimed(this.#parts.name, this.#parts.state.name, record);
      refuseRekeyed(this.#parts, record, key);
      this.#processor.take(key, record.value, record.timestamp, this.#turn);
    } catch (cause) {
      // What it remembers may be what was refused.
      this.#processor.reset();
      this.#failed(record, cause);
    }
    this.#isClosing = true;
    const isMore = this.#part(record);
    this.#held.look(this.#lane);
    return isMore;
  }

  #part(record: KafkaRecord<I, V>): boolean {
    try {
      if (this.#passTo !== undefined) this.#pass(this.#passTo);
      if (this.#isClosing) this.#isClosing = this.#processor.close(resultsAtOnce, this.#turn);
      else if (this.#isRinging) {
        const now = wallMs(this.#lane.host.clock);
        this.#isRinging = this.#processor.ring?.(now, resultsAtOnce, this.#turn) === true;
      }
    } catch (cause) {
      // What failed is out of the tables already: it goes on behind it.
      this.#failed(record, cause);
    }
    return this.#isClosing || this.#isRinging;
  }

  #pass(time: number): void {
    this.#passTo = undefined;
    this.#processor.passTo?.(time);
  }

  #failed(record: KafkaRecord<I, V>, cause: unknown): void {
    stateFailed(record, this.#where.node, cause, this.#parts.onError, this.#subscriber);
  }

  #list(): void {
    this.#isJob = true;
    this.#lane.jobs?.add(this);
  }

  /** @see Job.waiting */
  get waiting(): number {
    return this.#behind.length;
  }

  /** @see Job.run */
  run(): boolean {
    if (this.#lane.states?.era !== this.era) {
      // What it remembers is of rows that were emptied, or read anew, since: another goes on.
      this.drop(false);
      return false;
    }
    if (this.#subscriber.closed) {
      this.#all(giveUp);
      return this.#done();
    }
    if (this.#isClosing || this.#isRinging) this.#goOn();
    else {
      const next = this.#behind.shift();
      if (next === undefined) return this.#done();
      const { record, side } = next;
      this.#record = record;
      emitSeveral(this.#subscriber, record, () => this.#begin(record, side));
    }
    if (this.#isClosing) this.#note(1);
    if (this.#isClosing || this.#isRinging) return true;
    const record = this.#record;
    this.#record = undefined;
    if (record !== undefined) release(record);
    return this.#behind.length > 0 || this.#done();
  }

  #goOn(): void {
    const record = this.#record ?? this.#again();
    if (record === undefined) {
      // Nothing of the task was ever read: then nothing is left to do, but what comes with the first record.
      this.#isClosing = this.#isRinging = false;
      return;
    }
    this.#record = record;
    emitSeveral(this.#subscriber, record, () => this.#part(record));
  }

  /** In a delivery of its own. */
  #again(): KafkaRecord<I, V> | undefined {
    const resting = this.#resting;
    const delivery = this.#lane.jobs?.turn(resting && laneOf(resting));
    if (delivery === undefined) return undefined;
    // From here on there is a window for each part of it.
    delivery.closeWindow();
    this.#resting = undefined;
    if (resting !== undefined) return this.#turn.goOn(resting, delivery);
    return this.#turn.beginOwn(delivery, wallMs(this.#lane.host.clock));
  }

  #done(): false {
    this.#isJob = this.#isClosing = this.#isRinging = false;
    this.#resting = undefined;
    this.#note(0);
    this.#waits();
    return false;
  }

  /** For what the clock brings. */
  #waits(): void {
    this.#aside(() => {
      const due = this.#processor.due?.();
      if (due !== undefined) this.#alarmAt(due);
    });
    this.#idle?.look();
  }

  #aside(look: () => void): void {
    besideTurns(this.#lane, this.#where.node, look);
  }

  #note(left: 0 | 1): void {
    const { numbers } = this.#tables;
    if ((numbers.get(unfinished) ?? 0) !== left) numbers.set(unfinished, left);
  }

  /** @see Job.rest */
  rest(): void {
    const record = this.#record;
    if (record === undefined) return;
    this.#record = undefined;
    this.#resting = record;
    if (this.#subscriber.closed) giveUp(record);
    else release(record);
  }

  /** @see Job.drop */
  drop(held: boolean): void {
    this.#all(record => {
      if (!held || !endedBefore(record)) release(record);
    });
    this.#passTo = undefined;
    this.#isJob = this.#isClosing = this.#isRinging = false;
  }

  #all(end: (record: KafkaRecord) => void): void {
    const behind = this.#behind.splice(0).map(({ record }) => record);
    const records = this.#record === undefined ? behind : [this.#record, ...behind];
    this.#record = undefined;
    for (const record of records) end(record);
  }

  #alarmAt(due: number): void {
    if (this.#alarm.isSet && this.#alarmDue <= due) return;
    this.#alarmDue = due;
    this.#alarm.set(this.#lane, due - this.#lane.host.clock.now());
  }

  #rings(): void {
    const { jobs, host } = this.#lane;
    const due = this.#processor.due?.();
    if (due === undefined || this.#isOver()) return;
    // It was cancelled or moved, or the clock was.
    if (due > wallMs(host.clock)) this.#alarmAt(due);
    else
      jobs?.whenCaughtUp(() => {
        if (this.#isOver()) return;
        this.#isRinging = true;
        this.#list();
      });
  }

  #isOver(): boolean {
    return this.#lane.ended || this.#lane.states?.era !== this.era || this.#subscriber.closed;
  }
}
