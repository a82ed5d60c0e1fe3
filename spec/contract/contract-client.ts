import { delay } from '../../lib/base/clock.js';
import type {
  ConsumerOptions,
  DriverConnection,
  DriverConsumer,
  DriverEvent,
  DriverProducer,
  OutputListener,
  ProducerOptions,
} from '../../lib/drivers/port.js';
import { silentLogger } from '../../lib/logging/logger.js';
import type { ContractSetup } from './contract-setup.js';
import { RecordingListener } from './recording-listener.js';

/** Tells whether a call into the port is on the stack: no listener may be called then. */
export class PortCalls {
  #depth = 0;

  get inside(): boolean {
    return this.#depth > 0;
  }

  /** The object with each of its methods counted while it runs; a promise's later turns are not inside. */
  watch<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (object, property) => {
        // The receiver is the object itself: its private fields are not the proxy's.
        const value: unknown = Reflect.get(object, property, object);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          this.#depth++;
          try {
            return Reflect.apply(value, object, args);
          } finally {
            this.#depth--;
          }
        };
      },
    });
  }
}

export interface RecordingConsumer {
  readonly consumer: DriverConsumer;
  readonly seen: RecordingListener;
}

/** What one output has heard, in order. */
export class RecordingOutput implements OutputListener {
  readonly heard: { readonly count: number; readonly baseOffset?: number; readonly code?: string }[] = [];
  readonly #calls: PortCalls;
  insideCall = 0;

  constructor(calls: PortCalls) {
    this.#calls = calls;
  }

  acknowledged(count: number, baseOffset: number): void {
    if (this.#calls.inside) this.insideCall++;
    this.heard.push({ count, baseOffset });
  }

  refused(count: number, error: { readonly code: string }): void {
    if (this.#calls.inside) this.insideCall++;
    this.heard.push({ count, code: error.code });
  }

  get acknowledgedCount(): number {
    return this.heard.reduce((sum, { count, code }) => (code === undefined ? sum + count : sum), 0);
  }

  get refusedCount(): number {
    return this.heard.reduce((sum, { count, code }) => (code === undefined ? sum : sum + count), 0);
  }
}

/** One connected client of the contract: each port object watched, each listener recording. */
export class ContractClient {
  readonly events: DriverEvent[] = [];
  readonly calls = new PortCalls();
  readonly connection: DriverConnection;
  readonly #setup: ContractSetup;

  private constructor(setup: ContractSetup, connection: DriverConnection, events: DriverEvent[]) {
    this.#setup = setup;
    this.connection = this.calls.watch(connection);
    this.events = events;
  }

  static async connect(setup: ContractSetup, clientId = 'contract'): Promise<ContractClient> {
    const events: DriverEvent[] = [];
    const connection = await setup.driver().connect({
      clientId,
      clock: setup.clock,
      logger: silentLogger,
      event: event => void events.push(event),
    });
    return new ContractClient(setup, connection, events);
  }

  consumer(
    groupId: string,
    topics: readonly string[],
    options: Partial<ConsumerOptions> = {},
    { hearsEnds = false }: { readonly hearsEnds?: boolean } = {},
  ): RecordingConsumer {
    const { clock } = this.#setup;
    const seen: RecordingListener = new RecordingListener(
      this.calls,
      () => clock.elapsed() < consumer.confirmedUntil,
      hearsEnds,
    );
    const consumer: DriverConsumer = this.connection.consumer(
      {
        groupId,
        topics,
        startFrom: 'earliest',
        coPartitioned: [],
        sessionTimeoutMs: this.#setup.sessionTimeoutMs,
        rebalanceTimeoutMs: this.#setup.rebalanceTimeoutMs,
        readCommitted: true,
        ...options,
      },
      seen,
    );
    return { consumer: this.calls.watch(consumer), seen };
  }

  async producer(topics: readonly string[], options: Partial<ProducerOptions> = {}): Promise<DriverProducer> {
    const producer = this.calls.watch(
      this.connection.producer({
        maxRecordBytes: 100_000,
        deliveryTimeoutMs: this.#setup.budgetMs,
        ...options,
      }),
    );
    await producer.prepare(topics);
    return producer;
  }
}

/** Waits until `holds`, at most for the setup's budget; then fails with what was waited for. */
export async function eventually(
  { clock, budgetMs }: ContractSetup,
  what: string,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const until = clock.elapsed() + budgetMs;
  while (!(await holds())) {
    if (clock.elapsed() > until) throw new Error(`Not within ${budgetMs} ms: ${what}`);
    await delay(clock, 5);
  }
}
