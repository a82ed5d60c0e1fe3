import type { DriverProducer, KafkaRxError, ProducerOutput, SourceRecord } from 'kafka-rx';

/** The partitions of a topic, each acknowledged in order: of what was sent it is told by what it was sent for. */
export class TopicOutputs<T> {
  readonly #outputs = new Map<number, { readonly output: ProducerOutput; readonly pending: T[] }>();

  constructor(
    private readonly producer: DriverProducer,
    private readonly topic: string,
    private readonly acknowledged: (sent: T) => void,
    private readonly refused: (sent: T, error: KafkaRxError) => void,
  ) {}

  append(partition: number, sent: T, { key, value, headers, timestamp }: Omit<SourceRecord, 'offset'>): void {
    const { output, pending } = this.#outputs.get(partition) ?? this.#open(partition);
    // A record of a producer that set no time has -1, which none can be published with.
    output.append(key, value, headers, timestamp < 0 ? Date.now() : timestamp);
    pending.push(sent);
  }

  #open(partition: number): { readonly output: ProducerOutput; readonly pending: T[] } {
    const pending: T[] = [];
    const output = this.producer.output(
      { topic: this.topic, partition },
      {
        acknowledged: count => pending.splice(0, count).forEach(this.acknowledged),
        refused: (count, error) => {
          for (const sent of pending.splice(0, count)) this.refused(sent, error);
        },
      },
    );
    const opened = { output, pending };
    this.#outputs.set(partition, opened);
    return opened;
  }
}
