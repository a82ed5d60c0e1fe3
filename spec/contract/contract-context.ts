import type { TopicPartition } from '../../lib/drivers/port.js';
import { ContractClient, eventually, type RecordingConsumer } from './contract-client.js';
import type { ContractLimits, ContractSetup, RawRecord } from './contract-setup.js';

/** What one test of the contract works with: fresh names, and clients that are closed behind it. */
export class ContractContext {
  readonly setup: ContractSetup;
  readonly #run = Math.floor(Math.random() * 1e9).toString(36);
  #names = 0;
  #clients: ContractClient[] = [];
  #consumers: RecordingConsumer[] = [];

  constructor(setup: ContractSetup) {
    this.setup = setup;
  }

  /** A name that no other test or run has used. */
  name(what: string): string {
    return `contract-${what}-${this.#run}-${this.#names++}`;
  }

  async client(clientId?: string): Promise<ContractClient> {
    const client = await ContractClient.connect(this.setup, clientId);
    this.#clients.push(client);
    return client;
  }

  async topic(client: ContractClient, partitions = 1): Promise<string> {
    const name = this.name('topic');
    await client.connection.admin.createTopics([{ name, partitions }]);
    return name;
  }

  /** Starts a consumer; its breaches of the port's rules fail the test. */
  async start(
    client: ContractClient,
    ...args: Parameters<ContractClient['consumer']>
  ): Promise<RecordingConsumer> {
    const started = client.consumer(...args);
    this.#consumers.push(started);
    await started.consumer.start();
    return started;
  }

  /** Starts a consumer that is handed several batches. */
  async startReading(
    client: ContractClient,
    ...args: Parameters<ContractClient['consumer']>
  ): Promise<RecordingConsumer> {
    const reader = this.reader(client, ...args);
    await reader.consumer.start();
    return reader;
  }

  /** The same, to be started by the test. It commits each batch only where the driver does not read ahead. */
  reader(client: ContractClient, ...args: Parameters<ContractClient['consumer']>): RecordingConsumer {
    const reader = client.consumer(...args);
    if (this.setup.limits?.readsAhead !== undefined) {
      reader.seen.onBatch = ({ topic, partition, epoch, nextOffset }) =>
        this.setup.clock.defer(() => {
          // Refused once the epoch is over, which is as well.
          reader.consumer.commit([{ topic, partition, epoch, offset: nextOffset }]).catch(() => {});
        });
    }
    this.#consumers.push(reader);
    return reader;
  }

  /** A test that is skipped, with the reason, where the driver declares the limit. */
  unless(limit: keyof ContractLimits): (name: string, run: () => Promise<void>) => void {
    const reason = this.setup.limits?.[limit];
    return (name, run) => {
      if (reason === undefined) test(name, run);
      else test.skip(`${name} (${reason})`, run);
    };
  }

  async publish(topic: string, partition: number, values: readonly string[]): Promise<void> {
    await this.setup.publish(
      topic,
      values.map(value => record(partition, value)),
    );
  }

  eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    return eventually(this.setup, what, holds);
  }

  /** Waits until the consumer has seen everything below `offset`. */
  async seenUpTo({ seen }: RecordingConsumer, at: TopicPartition, offset: number): Promise<void> {
    await this.eventually(
      `${at.topic}[${at.partition}] read up to ${offset}`,
      () => (seen.nextOffset(at) ?? 0) >= offset,
    );
  }

  async finish(): Promise<void> {
    const consumers = this.#consumers;
    const clients = this.#clients;
    this.#consumers = [];
    this.#clients = [];
    await Promise.all(clients.map(client => client.connection.close()));
    expect(consumers.flatMap(({ seen }) => seen.breaches)).toEqual([]);
  }
}

export function record(partition: number, value: string | null, key: string | null = null): RawRecord {
  return {
    partition,
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
  };
}

export const values = (records: readonly { readonly value: Buffer | null }[]): (string | undefined)[] =>
  records.map(({ value }) => value?.toString());

export const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => String(from + i));
