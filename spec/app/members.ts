import { type App, type AppOptions, createApp, type LifecycleEvent, memoryMetrics } from 'kafka-rx';
import { MemoryBroker, memory } from 'kafka-rx/memory';
import { VirtualClock } from 'kafka-rx/testing';

/** An app that was started, and what became of it. */
export interface Member {
  readonly app: App;
  readonly metrics: ReturnType<typeof memoryMetrics>;
  readonly events: readonly LifecycleEvent[];
  /** `'running'` until `run()` has settled; then `'done'` or its error. */
  readonly outcome: unknown;
}

/** Several apps on one embedded broker in virtual time; they need not be of one group. */
export class Members {
  readonly clock = new VirtualClock();
  readonly broker = new MemoryBroker({ clock: this.clock });

  constructor(topics: Readonly<Record<string, number>> = {}) {
    for (const [name, partitions] of Object.entries(topics)) this.broker.createTopic(name, partitions);
  }

  /** Wires an app and calls `run()`; `settle` brings it further. */
  start(topology: (app: App) => void, options: Partial<AppOptions> = {}): Member {
    const metrics = memoryMetrics();
    const driver = memory({ broker: this.broker });
    const app = createApp({
      groupId: 'group',
      driver,
      metrics,
      commit: { every: 1, intervalMs: 10 },
      ...options,
    });
    const events: LifecycleEvent[] = [];
    app.events$.subscribe(event => events.push(event));
    topology(app);
    const member = { app, metrics, events, outcome: 'running' as unknown };
    app.run().then(
      () => {
        member.outcome = 'done';
      },
      error => {
        member.outcome = error;
      },
    );
    return member;
  }

  /** Runs what is due, and what promises make due, until neither is left; time stands still. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 8; ) {
      quiet = this.clock.nextInMs === 0 ? 0 : quiet + 1;
      this.clock.flush();
      await new Promise(resolve => setImmediate(resolve));
    }
  }

  /** Lets time pass, and what that brings about settle. */
  async pass(ms: number): Promise<void> {
    await this.clock.advanceAsync(ms);
    await this.settle();
  }

  /** Drains these and lets them end, for which five virtual seconds are enough. */
  async stop(...members: readonly Member[]): Promise<void> {
    const stopped = members.map(({ app }) => app.stop());
    await this.pass(5_000);
    await Promise.all(stopped);
  }

  publish(topic: string, ...values: string[]): void {
    this.broker.publish(
      topic,
      values.map(value => ({ value })),
    );
  }

  values(topic: string): string[] {
    return this.broker.records(topic).map(({ value }) => String(value));
  }

  committed(topic: string, groupId = 'group'): number[] {
    return this.broker.committed(groupId, topic);
  }

  memberIds(groupId = 'group'): string[] {
    return this.broker.members(groupId).map(({ memberId }) => memberId);
  }
}

/** A promise that a test resolves. */
export function held<T = void>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>(settle => {
    resolve = settle;
  });
  return { promise, resolve };
}
