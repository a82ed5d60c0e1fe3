import type { KafkaRxError } from '../../errors/errors.js';
import type { TopicPartition } from '../port.js';

/** Which produce requests a fault concerns: those of a topic, of one partition, or all. @category Drivers @since 0.1.0 */
export type ProduceScope = Partial<TopicPartition>;

interface Failures {
  left: number;
  readonly error: KafkaRxError;
  readonly scope: ProduceScope;
}

/** Faults that requests run into, and how often they still will. */
export class ScriptedFaults {
  acknowledgementDelayMs = 0;
  #produce: Failures[] = [];
  #commits: Failures[] = [];

  failProduce(times: number, error: KafkaRxError, scope: ProduceScope): void {
    this.#produce.push({ left: times, error, scope });
  }

  failCommits(times: number, error: KafkaRxError): void {
    this.#commits.push({ left: times, error, scope: {} });
  }

  /** Nothing fails any more, and acknowledgements come at once. */
  clear(): void {
    this.#produce = [];
    this.#commits = [];
    this.acknowledgementDelayMs = 0;
  }

  produceFailure({ topic, partition }: TopicPartition): KafkaRxError | undefined {
    if (this.#produce.length === 0) return undefined;
    const concerned = this.#produce.find(
      ({ scope }) => (scope.topic ?? topic) === topic && (scope.partition ?? partition) === partition,
    );
    if (concerned !== undefined && --concerned.left <= 0) {
      this.#produce = this.#produce.filter(other => other !== concerned);
    }
    return concerned?.error;
  }

  commitFailure(): KafkaRxError | undefined {
    const [first] = this.#commits;
    if (first !== undefined && --first.left <= 0) this.#commits.shift();
    return first?.error;
  }
}
