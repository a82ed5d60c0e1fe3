import { createApp } from '../../app/app.js';
import type { App } from '../../app/interface.js';
import { type AppOptions, appOptions } from '../../app/options.js';
import type { Fields } from '../../base/option-schema.js';
import { type MemoryBroker, memory } from '../../drivers/memory/index.js';
import type { DriverConsumer, PartitionOffset, TopicPartition } from '../../drivers/port.js';
import { type MemoryMetrics, memoryMetrics } from '../../logging/metrics/metrics.js';
import type { Document } from '../../stores/port.js';
import type { DrainWatch } from './drain-watch.js';
import { Holdings } from './holdings.js';
import type { StoredOffset } from './offset-labels.js';
import { type ProcessContext, type ProcessContextParts, processContext } from './process-context.js';
import { Random } from './random.js';
import { rareEvent } from './rare-event.js';
import type { ReadWatch } from './read-watch.js';
import { simulatedDriver } from './simulated-driver.js';
import type { SimulatedLmdb } from './simulated-lmdb.js';
import type { UndecidedParts } from './simulated-unit.js';
import type { StoreWatch } from './store-watch.js';
import type { UnitWatch } from './unit-watch.js';
import { Wire, type WireHost } from './wire.js';
import type { Actor } from './world.js';

export type SimulatedTopology = (app: App, process: ProcessContext) => void;

export interface SimulatedProcessParts
  extends WireHost,
    UndecidedParts,
    Pick<ProcessContextParts, 'newId' | 'disks' | 'failsWrite' | 'lmdbHost'> {
  readonly broker: MemoryBroker;
  readonly topology: SimulatedTopology;
  readonly groupId: string;
  readonly options: SimulatedAppOptions;
  /** @param isLate the commit was held */
  committed(process: string, offsets: readonly StoredOffset[], isLate: boolean): void;
  topicId(topic: string): string;
  /** Whether an input has, or had, this id. */
  isInput(topicId: string): boolean;
  readonly drains: DrainWatch;
  readonly units: UnitWatch;
  readonly stores: StoreWatch;
  readonly reads: ReadWatch | undefined;
  /** An incarnation has said that it begins below what is committed, to fill a store again. */
  goesBack(incarnation: string, to: PartitionOffset | undefined): void;
  /** It begins a partition where the group has committed. */
  beginsAtCommit(incarnation: string, partition: TopicPartition): void;
  /** It has no partition any more. */
  hasNone(incarnation: string): void;
  ended(process: SimulatedProcess, error: unknown): void;
}

export type SimulatedAppOptions = Omit<
  AppOptions,
  'driver' | 'groupId' | 'clientId' | 'metrics' | 'clock' | 'signals'
>;

const {
  driver: _driver,
  groupId: _groupId,
  clientId: _clientId,
  metrics: _metrics,
  clock: _clock,
  signals: _signals,
  ...left
} = appOptions;

export const simulatedAppOptions: Fields<SimulatedAppOptions> = left;

/** One incarnation. */
interface Incarnation {
  readonly actor: Actor;
  readonly wire: Wire;
  readonly app: App;
  readonly metrics: MemoryMetrics;
  readonly consumers: DriverConsumer[];
  /** Members whose heartbeats do not arrive, as long as the process is stopped. */
  readonly silenced: string[];
  /** It was asked to end. */
  isTerminating: boolean;
  /** What it has opened on disks. */
  readonly databases: SimulatedLmdb[];
}

/** A process that runs an app, dies and starts again; each incarnation with memory and connections of its own. */
export class SimulatedProcess {
  readonly name: string;
  readonly #parts: SimulatedProcessParts;
  #current: Incarnation | undefined;
  #incarnations = 0;
  #events = 0;
  /** Of incarnations that may have something on its way still. */
  #wires: readonly Wire[] = [];
  /** Virtual time of the last start, stop or end, ms. */
  changedAtMs = 0;

  constructor(name: string, parts: SimulatedProcessParts) {
    this.name = name;
    this.#parts = parts;
  }

  get state(): 'running' | 'stopped' | 'down' {
    const state = this.#current?.actor.state ?? 'dead';
    return state === 'dead' ? 'down' : state;
  }

  get app(): App | undefined {
    return this.#current?.app;
  }

  get metrics(): MemoryMetrics | undefined {
    return this.#current?.metrics;
  }

  get incarnations(): number {
    return this.#incarnations;
  }

  /** Differs whenever its app has done something. */
  get moves(): string {
    const { metrics } = this;
    const counted = ['consumed', 'produced', 'dropped'].map(what =>
      metrics?.value(`kafka_rx_records_${what}_total`),
    );
    return [this.#events, ...counted, metrics?.value('kafka_rx_in_flight_records')].join();
  }

  /** Nothing that it ever sent is on its way. */
  get quiet(): boolean {
    this.#wires = this.#wires.filter(wire => !wire.quiet);
    return this.#wires.length === 0;
  }

  start(): void {
    const { world, broker, topology, groupId, options, drains, stores } = this.#parts;
    const actor: Actor = { name: `${this.name}.${++this.#incarnations}`, state: 'running' };
    const wire = new Wire(this.#parts, actor);
    this.#wires = [...this.#wires, wire];
    const holdings = new Holdings(topic => this.#parts.topicId(topic));
    const clock = world.clockOf(actor);
    const consumers: DriverConsumer[] = [];
    const databases: SimulatedLmdb[] = [];
    const metrics = memoryMetrics();
    const driver = simulatedDriver({
      wire,
      clock,
      clientId: actor.name,
      inner: memory({ broker }),
      joined: (_groupId, consumer) => consumers.push(consumer),
      topicId: topic => this.#parts.topicId(topic),
      committed: (_groupId, offsets, isLate = false) => this.#parts.committed(actor.name, offsets, isLate),
      holdings,
      beginsAtCommit: partition => this.#parts.beginsAtCommit(actor.name, partition),
      refused: () => this.#parts.disturbed('commits', 0, actor.name),
      watch: this.#parts.units,
      begun: partitions => this.#parts.reads?.begun(this.name, partitions),
      paused: partitions => this.#parts.reads?.paused(this.name, partitions),
      caughtUp: (partition, position) => {
        const end = broker.cluster.find(partition)?.bound(true) ?? 0;
        return () => this.#parts.reads?.caughtUp(this.name, partition, position, end);
      },
      holdCommit: id => this.#parts.holdCommit(id),
      letCommit: id => this.#parts.letCommit(id),
      isHeld: id => this.#parts.isHeld(id),
      decideCommit: id => this.#parts.decideCommit(id),
      draining: (boundMs, drained) =>
        drains.watch(actor.name, metrics.value('kafka_rx_in_flight_records'), boundMs, drained),
    });
    const random = new Random(this.#incarnations, `partitioner of ${this.name}`);
    const drawn = options.random ?? (() => random.next());
    const app = createApp({ ...options, random: drawn, groupId, driver, clock, metrics });
    this.#current = { actor, wire, app, metrics, consumers, silenced: [], databases, isTerminating: false };
    this.changedAtMs = world.timeMs;
    const opened = (lmdb: SimulatedLmdb): void => void databases.push(lmdb);
    const watch = {
      writing: (documents: readonly Document<unknown>[]) =>
        stores.writing(actor.name, holdings, documents, topicId => this.#parts.isInput(topicId)),
      noted: stores.noted.bind(stores),
    };
    topology(app, processContext({ ...this.#parts, name: this.name, clock, wire, opened, watch }));
    app.events$.subscribe(event => {
      if (!['waiting', 'waited', 'driver'].includes(event.type)) this.#events++;
      const rare = rareEvent(event, app);
      if (rare !== undefined) this.#parts.mark(rare);
      const refilled = event.type === 'store-new' && event.does === 'refill';
      if (refilled) this.#parts.goesBack(actor.name, undefined);
      if (event.type === 'resumed-at-store') {
        this.#parts.goesBack(actor.name, event);
        if (options.guarantee === 'exactly-once') this.#parts.reads?.fills(this.name, event, event.committed);
      }
      if (event.type === 'revoked' || event.type === 'lost') this.#parts.hasNone(actor.name);
    });
    void app.run().then(
      () => this.#ended(actor, undefined),
      error => this.#ended(actor, error),
    );
  }

  /** As SIGKILL: nothing of it happens any more, but for what it had sent. */
  crash(): void {
    const current = this.#current;
    if (current === undefined || current.actor.state === 'dead') return;
    this.#bury(current);
    current.wire.cut();
    this.#silence(current);
    this.#letGoWhenQuiet(current);
  }

  /** As SIGTERM: it drains, commits and leaves, and ends without an error where nothing fails it meanwhile. */
  terminate(): void {
    const current = this.#current;
    if (current === undefined || current.isTerminating) return;
    current.isTerminating = true;
    this.#parts.drains.stopping(current.actor.name, current.app.stop());
  }

  get isTerminating(): boolean {
    return this.#current?.isTerminating === true;
  }

  /** As SIGSTOP: what comes for it waits, its group hears nothing of it. */
  stop(): void {
    const current = this.#current;
    if (current?.actor.state !== 'running') return;
    current.actor.state = 'stopped';
    this.changedAtMs = this.#parts.world.timeMs;
    this.#silence(current);
  }

  /** As SIGCONT: all that came due meanwhile is due at once. */
  resume(): void {
    const current = this.#current;
    if (current?.actor.state !== 'stopped') return;
    current.actor.state = 'running';
    this.changedAtMs = this.#parts.world.timeMs;
    // Also of one that its group has put out meanwhile, or it would never hear of that.
    for (const member of current.silenced.splice(0)) this.#parts.broker.faults.endSilence(member);
  }

  #ended(actor: Actor, error: unknown): void {
    const current = this.#current;
    // The end of an incarnation that is long dead is nobody's.
    if (current === undefined || current.actor !== actor || actor.state === 'dead') return;
    this.#bury(current);
    this.#parts.ended(this, error);
  }

  #bury({ actor, databases }: Incarnation): void {
    actor.state = 'dead';
    this.#parts.hasNone(actor.name);
    for (const lmdb of databases) lmdb.died();
    this.#parts.world.forget(actor);
    this.changedAtMs = this.#parts.world.timeMs;
  }

  /** How many of the group's members are of the incarnation that there is. */
  get members(): number {
    return this.#current === undefined ? 0 : this.#membersOf(this.#current).length;
  }

  #membersOf({ actor }: Incarnation): string[] {
    const { broker, groupId } = this.#parts;
    return broker
      .members(groupId)
      .map(({ memberId }) => memberId)
      .filter(memberId => memberId.startsWith(`${actor.name}-`));
  }

  #silence(incarnation: Incarnation): void {
    for (const member of this.#membersOf(incarnation)) {
      this.#parts.broker.faults.silence(member);
      incarnation.silenced.push(member);
    }
  }

  /** What was sent before the crash may still count, as long as the session lasts; then the member is gone. */
  #letGoWhenQuiet(incarnation: Incarnation): void {
    const { world, outside, broker } = this.#parts;
    world.clockOf(outside).schedule(() => {
      if (!incarnation.wire.quiet) {
        this.#letGoWhenQuiet(incarnation);
        return;
      }
      for (const member of this.#membersOf(incarnation)) broker.faults.crash(member);
      // One that is not in its group at the moment would join it anew.
      if (this.#membersOf(incarnation).length === 0)
        for (const consumer of incarnation.consumers) void consumer.stop();
    }, 1);
  }
}
