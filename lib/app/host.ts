import type { Clock } from '../base/clock.js';
import type { MaskedField } from '../card/masked-field.js';
import { type DeadLetterParts, DeadLetters } from '../errors/dead-letters/dead-letters.js';
import type { DeadLetterOptions } from '../errors/dead-letters/options.js';
import { type Coordinates, KafkaRxError } from '../errors/errors.js';
import { DropWarnings } from '../errors/policies/drop-warnings.js';
import type { Policies } from '../errors/policies/policy.js';
import { PolicyHost } from '../errors/policies/policy-host.js';
import type { Delivery, DropReason, Problem, Stage } from '../flow/leases/delivery.js';
import type { EndedBranches, TakenInUnits } from '../flow/sinks/ended-branches.js';
import type { Outputs } from '../flow/sinks/outputs.js';
import type { SinkHost } from '../flow/sinks/sink.js';
import type { InFlight } from '../flow/source/in-flight.js';
import type { Views } from '../flow/source/views.js';
import type { Logger } from '../logging/logger.js';
import type { Instruments } from '../logging/metrics/instruments.js';
import type { Lifecycle } from './lifecycle/lifecycle.js';
import type { Place } from './topology/topology-observable.js';

/** What the host needs of the app it stands for. */
export interface AppHostParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly policies: Policies;
  readonly lifecycle: Lifecycle;
  readonly instruments: Instruments;
  readonly outputs: Outputs;
  readonly deadLetters: DeadLetterOptions | undefined;
  /** The app's name in its dead letters. */
  readonly app: string;
  readonly inFlight: InFlight;
  readonly endedBranches: EndedBranches;
  readonly views: Views;
  /** Paths of the value that the topology masks or the guard watches. */
  readonly masks: () => readonly string[];
  /** The way to the node of a problem, for its dead letter. */
  readonly wayTo: DeadLetterParts['wayTo'];
  /** Hears what is masked inside a pipe of which the topology knew nothing. */
  readonly protect: (masks: readonly MaskedField[]) => void;
}

/** The app as deliveries, operators and sinks see it: its policies, its first failure, its dead letters and counts. */
export class AppHost extends PolicyHost implements SinkHost {
  readonly #parts: AppHostParts;
  readonly #deadLetters: DeadLetters | undefined;
  readonly #drops: DropWarnings;
  #failed: () => void = () => {};

  constructor(parts: AppHostParts) {
    super(parts.policies);
    this.#parts = parts;
    this.#deadLetters = this.#makeDeadLetters();
    this.#drops = new DropWarnings(parts.clock, parts.logger);
  }

  get clock(): Clock {
    return this.#parts.clock;
  }

  get live(): boolean {
    return this.#parts.lifecycle.live;
  }

  get dispatching(): Coordinates | undefined {
    return this.#parts.inFlight.dispatching;
  }

  /** Who stops the source at once; called with the first error, before the current delivery can settle. */
  onFailure(call: () => void): void {
    this.#failed = call;
  }

  fail(error: KafkaRxError): void {
    if (this.#parts.lifecycle.fail(error)) this.#failed();
  }

  protected deadLetter(problem: Problem, delivery: Delivery): void {
    if (this.#deadLetters !== undefined) this.#deadLetters.publish(problem, delivery);
    else {
      delivery.hold();
      this.fail(withoutTopic(problem));
    }
  }

  #makeDeadLetters(): DeadLetters | undefined {
    const { deadLetters, clock, outputs, app, inFlight, masks, wayTo, instruments } = this.#parts;
    if (deadLetters === undefined) return undefined;
    return new DeadLetters(deadLetters, {
      clock,
      outputs,
      app,
      handedOut: () => inFlight.handedOut,
      masks,
      wayTo,
      published: count => instruments.deadLettered.add(count),
      failed: (error, delivery) => {
        delivery.hold();
        this.fail(error);
      },
    });
  }

  consumed(topic: string, records: number): void {
    this.#parts.instruments.consumed.add(records, { topic });
    this.#deadLetters?.consumed();
  }

  dropped(reason: DropReason, count: number, stage: Stage | '' = ''): void {
    this.#parts.instruments.dropped.add(count, { reason, stage });
  }

  protected override droppedBy(policy: 'skip' | 'dead-letter', problem: Problem, delivery: Delivery): void {
    this.#drops.dropped(policy, problem, delivery);
  }

  /** The source is drained: what was dropped and is not told yet is told. */
  drained(): void {
    this.#drops.close();
  }

  override protect(masks: readonly MaskedField[]): void {
    this.#parts.protect(masks);
  }

  branchEnded(sink: string, taken: TakenInUnits): void {
    this.#parts.endedBranches.add(sink, taken);
  }

  observe(topic: string, place: Place): void {
    this.#parts.views.observe(topic, place);
  }
}

function withoutTopic({ error }: Problem): KafkaRxError {
  return new KafkaRxError(
    'CONFIGURATION',
    `A record was to become a dead letter, but there is no topic for it: ${error.message}`,
    {
      at: error.at,
      cause: error,
      remedy: 'Set deadLetters: { topic } in createApp',
    },
  );
}
