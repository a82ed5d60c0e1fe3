import { MemoryBroker, memory } from '../../../lib/drivers/memory/index.js';
import type { ProducerOutput } from '../../../lib/drivers/port.js';
import { noHeaders } from '../../../lib/record/headers.js';
import { VirtualClock } from '../../../lib/testing/virtual-clock.js';
import { ContractClient } from '../../contract/contract-client.js';
import type { ContractSetup } from '../../contract/contract-setup.js';

/** An embedded broker on a virtual clock, and clients of it that record all they hear. */
export class MemoryWorld {
  readonly clock = new VirtualClock();
  readonly broker = new MemoryBroker({ clock: this.clock });
  readonly #setup: ContractSetup = {
    driver: () => memory({ broker: this.broker }),
    clock: this.clock,
    budgetMs: 120_000,
    quietMs: 0,
    sessionTimeoutMs: 30_000,
    rebalanceTimeoutMs: 60_000,
    transactionTimeoutMs: 60_000,
    publish: async (topic, records) => void this.broker.publish(topic, records),
    read: async topic => this.broker.records(topic),
  };

  client(clientId?: string): Promise<ContractClient> {
    return ContractClient.connect(this.#setup, clientId);
  }

  /** Runs what is due, and what promises make due, until neither is left; time stands still. */
  async settle(): Promise<void> {
    do {
      this.clock.flush();
      await new Promise(setImmediate);
    } while (this.clock.nextInMs === 0);
  }

  /** Lets time pass, and what that brings about settle. */
  async pass(ms: number): Promise<void> {
    await this.clock.advanceAsync(ms);
    await this.settle();
  }

  /** Settles both: the call needs the clock to run to come to its end. */
  async during<T>(call: Promise<T>): Promise<T> {
    const [result] = await Promise.all([call, this.settle()]);
    return result;
  }

  memberId(groupId: string, index = 0): string {
    return this.broker.members(groupId)[index]?.memberId ?? 'nobody';
  }

  values(topic: string): (string | undefined)[] {
    return this.broker.records(topic).map(({ value }) => value?.toString());
  }
}

export function append(output: ProducerOutput, ...values: string[]): void {
  for (const value of values) output.append(null, Buffer.from(value), noHeaders, 0);
}
