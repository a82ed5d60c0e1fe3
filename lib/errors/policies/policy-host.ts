import type { Clock } from '../../base/clock.js';
import type { MaskedField } from '../../card/masked-field.js';
import type {
  Deliveries,
  Delivery,
  DeliveryHost,
  DropReason,
  FlushReason,
  Problem,
  RetrySchedule,
  Stage,
} from '../../flow/leases/delivery.js';
import { holdAll, isOver, listOf } from '../../flow/leases/leases.js';
import type { KafkaRxError } from '../errors.js';
import { isRetry, type Policies, verdictOf } from './policy.js';

/**
 * What stands behind deliveries, in an app and in a test: the policies, whoever gathers records, and what becomes of work
 * whose subscription ended. Failing, counting and publishing dead letters are its heir's.
 */
export abstract class PolicyHost implements DeliveryHost {
  readonly app = this;
  abstract readonly clock: Clock;
  abstract readonly live: boolean;
  readonly #policies: Policies;
  readonly #gatherers = new Set<(reason: FlushReason) => void>();
  /** Records that count as dropped already; kept apart, since almost no record ever is among them. */
  readonly #counted = { skipped: new WeakSet<Delivery>(), 'dead-lettered': new WeakSet<Delivery>() };
  #endings = 0;
  /** Of those that are under way within one another, and the sink of it. */
  #firstEnding = 0;
  #endingSink = '';
  /** Ends on purpose under way, one inside the other. */
  #ending = 0;
  #givenUp: Deliveries[] = [];

  constructor(policies: Policies) {
    this.#policies = policies;
  }

  abstract fail(error: KafkaRxError): void;
  abstract dropped(reason: DropReason, count: number, stage?: Stage): void;
  /** Publishes a dead letter under a lease of its own, or holds the delivery and fails the app; does not throw. */
  protected abstract deadLetter(problem: Problem, delivery: Delivery): void;

  problem(problem: Problem, deliveries: Deliveries): void {
    // Work of an epoch that is over often ends in an abort; it is counted when its last lease is released.
    if (isOver(deliveries)) return;
    if (!this.live) {
      // What ends the app closes what others write to: no policy may take their refusals for done.
      holdAll(deliveries);
      return;
    }
    const { stage } = problem;
    const verdict = problem.verdict ?? verdictOf(this.#policies[stage]) ?? 'fail';
    if (verdict === 'skip') {
      this.#count('skipped', deliveries, problem);
    } else if (verdict === 'dead-letter') {
      for (const delivery of listOf(deliveries)) this.#setAside(problem, delivery);
      if (this.live) this.#count('dead-lettered', deliveries, problem);
    } else {
      holdAll(deliveries);
      this.fail(problem.error);
    }
  }

  /** A source record counts once, however many branches drop it; one of several takes all of these along. */
  #count(reason: 'skipped' | 'dead-lettered', deliveries: Deliveries, problem: Problem): void {
    let records = 0;
    for (const delivery of listOf(deliveries)) {
      if (this.#counted[reason].has(delivery)) continue;
      this.#counted[reason].add(delivery);
      this.droppedBy(reason === 'skipped' ? 'skip' : 'dead-letter', problem, delivery);
      records++;
    }
    if (records > 0) this.dropped(reason, records, problem.stage);
  }

  /** Hears of each record that a policy drops. A test has it in what it counts. */
  protected droppedBy(_policy: 'skip' | 'dead-letter', _problem: Problem, _delivery: Delivery): void {}

  #setAside(problem: Problem, delivery: Delivery): void {
    // One of several of a record: this partition's next member has it again.
    if (delivery.lane.ended) return;
    if (this.live) this.deadLetter(problem, delivery);
    else delivery.hold();
  }

  /** A test without sinks has nothing to protect. */
  protect(_masks: readonly MaskedField[]): void {}

  retryFor(stage: Stage): RetrySchedule | undefined {
    const policy = this.#policies[stage];
    return isRetry(policy) ? policy : undefined;
  }

  onFlush(flush: (reason: FlushReason) => void): () => void {
    this.#gatherers.add(flush);
    return () => this.#gatherers.delete(flush);
  }

  flush(reason: FlushReason): void {
    for (const gatherer of this.#gatherers) gatherer(reason);
  }

  get endings(): number {
    return this.#endings;
  }

  /** Ends a subscription that may end: what it gives up meanwhile is released. */
  end(sink: string, close: () => void): void {
    this.#endings++;
    if (this.#ending === 0) {
      this.#firstEnding = this.#endings;
      this.#endingSink = sink;
    }
    this.#ending++;
    try {
      close();
    } finally {
      if (--this.#ending === 0) this.#releaseGivenUp();
    }
  }

  giveUp(deliveries: Deliveries): void {
    if (this.#ending > 0) this.#givenUp.push(deliveries);
    else holdAll(deliveries);
  }

  /** Only when all is closed: then it shows which views of the sources nobody hears any more. */
  #releaseGivenUp(): void {
    const givenUp = this.#givenUp;
    this.#givenUp = [];
    for (const deliveries of givenUp) {
      for (const delivery of listOf(deliveries)) {
        if (this.live && (delivery.lane.ended || delivery.lane.leftAt < this.#firstEnding))
          delivery.release();
        else delivery.hold(this.#endingSink);
      }
    }
  }
}
