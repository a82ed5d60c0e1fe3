import fc from 'fast-check';
import type { OffsetCommit } from '../../../lib/drivers/port.js';
import { WatermarkCommit } from '../../../lib/flow/commit/watermark-commit.js';
import { type Delivery, deliveriesOf } from '../../../lib/flow/leases/delivery.js';
import { listOf } from '../../../lib/flow/leases/leases.js';
import { VirtualClock } from '../../../lib/testing/index.js';
import { ScriptedSource } from '../source/scripted-source.js';
import { advance, refused, retriable, settle } from './scripted-target.js';

/** What happens next; `pick` chooses among what there is, as a number of any size. */
type Step =
  | { readonly do: 'fetch'; readonly partition: number; readonly gap: number; readonly count: number }
  | { readonly do: 'settle' | 'settle again'; readonly pick: number }
  | { readonly do: 'lose' | 'drain'; readonly partition: number }
  | { readonly do: 'assign'; readonly partitions: readonly number[] }
  | { readonly do: 'flush' | 'hold' | 'release' | 'refuse' | 'fail' | 'fail for good' }
  | { readonly do: 'wait'; readonly ms: number };

const partitions = [0, 1, 2] as const;
const partition = fc.constantFrom(...partitions);
const pick = fc.nat({ max: 1_000_000 });
const as = <D extends Step['do']>(name: D) => fc.constant(name);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: as('fetch'),
      partition,
      // Behind the records, as control records lie, or in the place of any.
      gap: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30 })),
      count: fc.integer({ min: 0, max: 8 }),
    }),
  },
  { weight: 24, arbitrary: fc.record({ do: as('settle'), pick }) },
  { weight: 2, arbitrary: fc.record({ do: as('settle again'), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('lose', 'drain'), partition }) },
  { weight: 1, arbitrary: fc.record({ do: as('assign'), partitions: fc.subarray([...partitions]) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('flush', 'hold', 'release', 'refuse', 'fail', 'fail for good'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: as('wait'), ms: fc.constantFrom(1, 50, 100, 400) }) },
);

const scenario = fc.record({
  every: fc.constantFrom(1, 3, 10_000),
  maxSpan: fc.constantFrom(2, 5, 10_000),
  steps: fc.array(step, { minLength: 20, maxLength: 120 }),
});

/** The source with its commits before a group that a test plays, and what that group knows: it holds the commits against it. */
class Group {
  readonly clock = new VirtualClock();
  readonly source: ScriptedSource;
  readonly commit: WatermarkCommit;
  /** By partition, the epoch that goes on. */
  readonly epochs = new Map<number, number>();
  readonly confirmed = new Map<number, number>();
  readonly open: Delivery[] = [];
  readonly settled: Delivery[] = [];
  readonly wrong: string[] = [];
  readonly #answers: Error[] = [];
  /** By partition, where the driver reads on. */
  readonly #next = new Map<number, number>();
  #held: (() => void)[] | undefined;
  #newestEpoch = 0;
  #inFlight = 0;

  constructor(every: number, maxSpan: number) {
    this.commit = new WatermarkCommit(
      { commit: offsets => this.#request(offsets) },
      { clock: this.clock, intervalMs: 100, every, attempts: 4 },
      () => {},
    );
    this.source = new ScriptedSource({ maxSpan }, {}, this.commit);
    this.source.onRecord = record => this.open.push(...listOf(record[deliveriesOf]));
    this.assign(partitions);
  }

  async take(next: Step): Promise<void> {
    if (next.do === 'fetch') this.#fetch(next);
    else if (next.do === 'settle') this.settle(next.pick);
    else if (next.do === 'settle again') this.#settleAgain(next.pick);
    else if (next.do === 'assign') this.assign(next.partitions);
    else if (next.do === 'lose') this.lose(next.partition);
    else if (next.do === 'drain') this.source.draining([next.partition], this.epochs.get(next.partition));
    else if (next.do === 'flush') void this.commit.flush();
    else if (next.do === 'hold') this.#held ??= [];
    else if (next.do === 'release') this.release();
    else if (next.do === 'wait') await advance(this.clock, next.ms);
    else
      this.#answers.push(
        { refuse: refused(), fail: retriable(), 'fail for good': new Error('gone') }[next.do],
      );
    await this.source.turn();
    await settle();
  }

  assign(to: readonly number[]): void {
    const epoch = ++this.#newestEpoch;
    this.epochs.clear();
    for (const each of to) this.#begins(each, epoch);
    this.source.assign(to, epoch);
  }

  lose(at: number): void {
    const epoch = this.epochs.get(at);
    if (epoch === undefined) return;
    this.epochs.delete(at);
    this.source.lose(at, epoch);
  }

  settle(choice: number): void {
    const [delivery] = this.open.splice(choice % Math.max(this.open.length, 1), 1);
    if (delivery === undefined) return;
    this.settled.push(delivery);
    delivery.release();
  }

  /** Answers what is held, and from now on confirms everything of epochs that go on. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const answer of held) answer();
  }

  confirmFromNowOn(): void {
    this.#answers.length = 0;
    this.release();
  }

  /** A record of an epoch that goes on is under way. */
  get underWay(): readonly Delivery[] {
    return this.open.filter(({ lane }) => this.epochs.get(lane.partition) === lane.epoch);
  }

  #begins(at: number, epoch: number): void {
    this.epochs.set(at, epoch);
    this.#next.set(at, this.confirmed.get(at) ?? 100);
  }

  #fetch({ partition: at, gap, count }: Extract<Step, { readonly do: 'fetch' }>): void {
    const [epoch, from] = [this.epochs.get(at), this.#next.get(at)];
    if (epoch === undefined || from === undefined) return;
    this.#next.set(at, from + count + gap);
    this.source.fetch({ partition: at, epoch, from, count, nextOffset: from + count + gap });
  }

  #settleAgain(choice: number): void {
    const delivery = this.settled[choice % Math.max(this.settled.length, 1)];
    delivery?.lane.settle(delivery);
  }

  async #request(offsets: readonly OffsetCommit[]): Promise<void> {
    if (++this.#inFlight > 1) this.wrong.push('two commits in flight');
    if (new Set(offsets.map(at => at.partition)).size < offsets.length)
      this.wrong.push('a partition twice in one commit');
    for (const { partition: at, epoch, offset } of offsets) {
      const what = `${offset} of partition ${at} in epoch ${epoch}`;
      if (this.epochs.get(at) !== epoch) this.wrong.push(`${what} is committed when that is over`);
      const lowest = Math.min(
        ...this.underWay.filter(({ lane }) => lane.partition === at).map(each => each.offset),
      );
      if (offset > lowest) this.wrong.push(`${what} is above ${lowest}, which has not settled`);
      if (offset > (this.#next.get(at) ?? 0)) this.wrong.push(`${what} was never read`);
      if (offset < (this.confirmed.get(at) ?? 0)) this.wrong.push(`${what} goes back`);
    }
    const error = this.#answers.shift();
    if (this.#held !== undefined) await new Promise<void>(resolve => this.#held?.push(resolve));
    this.#inFlight--;
    if (error !== undefined) throw error;
    if (offsets.some(at => this.epochs.get(at.partition) !== at.epoch)) throw refused();
    for (const at of offsets) this.confirmed.set(at.partition, at.offset);
  }
}

describe('commits of settled records, whatever settles, comes and goes in any order', () => {
  test('none is above an unsettled record, of an epoch that is over, or lower than one before it; a drain leaves nothing behind', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ every, maxSpan, steps }) => {
        const group = new Group(every, maxSpan);
        const { source, commit } = group;
        for (const next of steps) {
          await group.take(next);
          expect([group.wrong, source.inFlight.unsettled]).toEqual([[], group.underWay.length]);
        }
        const assigned = [...group.epochs].flatMap(([at, epoch]) => {
          source.draining([at], epoch);
          return source.lanes.all.filter(({ partition }) => partition === at);
        });
        // The last one first.
        while (group.open.length > 0) group.settle(group.open.length - 1);
        group.confirmFromNowOn();
        const flushed = commit.flush();
        await advance(group.clock, 60_000);
        await flushed;
        await commit.flush();
        expect(group.wrong).toEqual([]);
        const moved = assigned.filter(lane => lane.opened > 0);
        expect(moved.map(lane => [lane.partition, group.confirmed.get(lane.partition)])).toEqual(
          moved.map(lane => [lane.partition, lane.position]),
        );
        for (const at of partitions) group.lose(at);
        expect([source.inFlight.unsettled, source.inFlight.pinnedBytes]).toEqual([0, 0]);
        commit.close();
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});
