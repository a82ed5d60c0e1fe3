import fc from 'fast-check';
import { Subject } from 'rxjs';
import {
  type CommitPoint,
  commitInOrder,
  type DeliveryEvent,
  type LaneIdentity,
} from '../../../lib/flow/commit/commit-in-order.js';

/** What an epoch hands out: deliveries and advances, in sequence, each with the offset after it. */
interface Step {
  readonly kind: 'settled' | 'advanced';
  /** Offsets left out before it: compaction, control records. */
  readonly gap: number;
}

interface Epoch {
  readonly steps: readonly Step[];
  /** How many of its steps settle at all; the others are lost with the epoch. */
  readonly settling: number;
  /** Keys to sort the events by: a random order of completion. */
  readonly order: readonly number[];
  /** Which settle a second time, later. */
  readonly doubles: readonly number[];
  /** Whether its end is told, or only seen by the next epoch's beginning. */
  readonly revoked: boolean;
  /** Where it begins, which may be below where the epoch before it was: a rewind. */
  readonly base: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('settled', 'settled', 'settled', 'advanced'),
  gap: fc.oneof(
    { weight: 5, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 1000 }) },
  ),
});

const epoch: fc.Arbitrary<Epoch> = fc.array(step, { minLength: 0, maxLength: 120 }).chain(steps =>
  fc.record({
    steps: fc.constant(steps),
    settling: fc.integer({ min: 0, max: steps.length }),
    order: fc.array(fc.integer({ min: 0, max: 1_000_000 }), {
      minLength: steps.length,
      maxLength: steps.length,
    }),
    doubles: fc.array(fc.nat({ max: Math.max(0, steps.length - 1) }), { maxLength: 5 }),
    revoked: fc.boolean(),
    base: fc.integer({ min: 0, max: 5000 }),
  }),
);

/** Per partition its epochs; `merge` says whose turn it is, `late` which events of an epoch come after its end. */
const scenario = fc.record({
  partitions: fc.array(fc.array(epoch, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
  merge: fc.infiniteStream(fc.nat({ max: 1000 })),
  late: fc.infiniteStream(fc.boolean()),
});

/** An event, and what the oracle knows of the offset after it. */
interface Happening {
  readonly event: DeliveryEvent;
  readonly nextOffset: number;
}

function happeningsOf(
  lane: LaneIdentity,
  { steps, settling, order, doubles, base }: Epoch,
): readonly Happening[] {
  let offset = base;
  const all = steps.map(({ kind, gap }, sequence): Happening => {
    offset += gap;
    if (kind === 'advanced') return { event: { kind, lane, sequence, offset }, nextOffset: offset };
    return { event: { kind, lane, sequence, offset: offset++ }, nextOffset: offset };
  });
  const shuffled = all.map((happening, i) => ({ happening, at: order[i] ?? 0 })).sort((a, b) => a.at - b.at);
  const settled = shuffled.slice(0, settling).map(({ happening }) => happening);
  const again = doubles.map(i => settled[i]).filter(happening => happening !== undefined);
  return [...settled, ...again];
}

/** The longest settled prefix of one partition's newest epoch, found by looking at all of it each time. */
class Oracle {
  #epoch = 0;
  #ended = false;
  #settled = new Map<number, number>();

  see({ event, nextOffset }: Happening): void {
    const { epoch } = event.lane;
    if (epoch < this.#epoch) return;
    if (epoch > this.#epoch) {
      this.#epoch = epoch;
      this.#ended = false;
      this.#settled = new Map();
    }
    if (event.kind === 'revoked') this.#ended = true;
    else if (!this.#ended) this.#settled.set(event.sequence, nextOffset);
  }

  /** The offset that may be committed, -1 for none, and how many lie below it. */
  get watermark(): { readonly epoch: number; readonly offset: number; readonly settled: number } {
    let offset = -1;
    let settled = 0;
    for (let next = this.#settled.get(0); next !== undefined; next = this.#settled.get(settled)) {
      offset = next;
      settled++;
    }
    return { epoch: this.#epoch, offset, settled };
  }
}

describe('commitInOrder, against a model', () => {
  test('commits exactly the longest settled prefix of each partition and epoch, at once, and never goes back', () => {
    fc.assert(
      fc.property(scenario, ({ partitions, merge, late }) => {
        const events$ = new Subject<DeliveryEvent>();
        const seen: CommitPoint[] = [];
        events$.pipe(commitInOrder()).subscribe(point => seen.push(point));
        const oracles = partitions.map(() => new Oracle());
        const lastOf: (CommitPoint | undefined)[] = [];

        const isLate = late[Symbol.iterator]();
        const queues = partitions.map((epochs, partition) => {
          let stragglers: readonly Happening[] = [];
          return epochs.flatMap((each, i) => {
            const lane: LaneIdentity = { topic: 't', partition, epoch: i + 1, slot: partition };
            const happenings = happeningsOf(lane, each);
            const inTime = happenings.filter(() => isLate.next().value !== true || i === epochs.length - 1);
            const before = stragglers;
            stragglers = happenings.filter(happening => !inTime.includes(happening));
            const end: readonly Happening[] = each.revoked
              ? [{ event: { kind: 'revoked', lane }, nextOffset: -1 }]
              : [];
            // What is late of the epoch before comes in between, and after the end of this one too.
            const half = Math.floor(inTime.length / 2);
            return [...inTime.slice(0, half), ...before, ...inTime.slice(half), ...end, ...before];
          });
        });

        const turn = merge[Symbol.iterator]();
        while (queues.some(queue => queue.length > 0)) {
          const left = queues.filter(queue => queue.length > 0);
          const happening = left[Number(turn.next().value) % left.length]?.shift();
          if (happening === undefined) continue;
          const { partition } = happening.event.lane;
          const oracle = oracles[partition];
          if (oracle === undefined) throw new Error('no such partition');

          const before = oracle.watermark;
          oracle.see(happening);
          const after = oracle.watermark;
          seen.length = 0;
          events$.next(happening.event);

          const moved = after.settled > (after.epoch === before.epoch ? before.settled : 0);
          expect(seen).toEqual(
            moved && happening.event.kind !== 'revoked'
              ? [
                  {
                    topic: 't',
                    partition,
                    slot: partition,
                    epoch: after.epoch,
                    offset: after.offset,
                    deliveriesBelow: after.settled,
                  },
                ]
              : [],
          );
          const [point] = seen;
          const last = lastOf[partition];
          if (point === undefined) continue;
          if (last?.epoch === point.epoch) expect(point.offset).toBeGreaterThanOrEqual(last.offset);
          lastOf[partition] = point;
        }
      }),
      { numRuns: 200 },
    );
  });
});
