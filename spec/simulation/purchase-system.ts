/**
 * The system under simulation: the purchase topology in many shapes, what is written to it, and what must hold. The oracle looks at
 * the broker's log and at what lies on disks, never at the library.
 */
import * as t from 'io-ts';
import { type App, type DocumentStore, json, memoryStore } from 'kafka-rx';
import { CardNumber, MaskedCardNumber } from 'kafka-rx/io-ts';
import { batch, mapAsync, mask, project, share, through } from 'kafka-rx/operators';
import { delay } from '../../lib/base/clock.js';
import type { ProcessContext } from '../../lib/testing/simulation/process-context.js';
import { Random } from '../../lib/testing/simulation/random.js';
import type {
  SimulatedAppOptions,
  SimulatedTopology,
} from '../../lib/testing/simulation/simulated-process.js';
import type {
  Invariants,
  SimulatedInput,
  SimulationParts,
  SimulationView,
  WrittenInput,
} from '../../lib/testing/simulation/simulation-parts.js';
import {
  type ReadStore,
  readAsStored,
  type StoredPurchase,
  storedBatches,
  storedPurchases,
  tornFolder,
} from './stored-purchases.js';

const fields = { id: t.number, customerId: t.string, zipCode: t.string, amount: t.number };
const Purchase = t.strict({ ...fields, cardNumber: CardNumber });
const MaskedPurchase = t.strict({ ...fields, cardNumber: MaskedCardNumber });
type MaskedPurchase = t.TypeOf<typeof MaskedPurchase>;
const Mention = t.strict({ id: t.number });
const Batch = t.strict({ ids: t.array(t.number) });

/** Which parts the topology has, and how they are set. */
export interface Shape {
  readonly mapAsync: 'key' | 'partition' | 'none' | undefined;
  readonly asyncMs: number;
  readonly batch: { readonly maxRecords: number; readonly maxWaitMs: number } | undefined;
  readonly through: boolean;
  readonly store: 'shared' | 'each' | undefined;
  /** What the store is. Left out, as in runs that were kept before: in memory. */
  readonly database?: 'lmdb' | undefined;
  /** Whether batches go to a store of their own, on disk. */
  readonly storesBatches?: boolean | undefined;
  readonly policy: 'skip' | 'dead-letter';
  readonly options: SimulatedAppOptions;
  readonly startFrom: 'earliest' | 'latest';
}

export interface Workload {
  readonly shape: Shape;
  readonly inputs: readonly SimulatedInput[];
  readonly topics: Readonly<Record<string, number>>;
  readonly processes: number;
}

const outputs = ['patterns', 'rewards', 'purchases', 'batches', 'audit', 'audited', 'dead-letters'] as const;

/** A workload out of a seed. */
export function drawWorkload(seed: number): Workload {
  const random = new Random(seed, 'workload');
  const pick = <T>(...values: readonly T[]): T => values[random.below(values.length)] as T;
  const policy = pick('skip' as const, 'dead-letter' as const);
  const drawn: Shape = {
    mapAsync: pick('key', 'partition', 'none', undefined),
    asyncMs: pick(0, 5, 500, 20_000),
    batch: pick(undefined, { maxRecords: random.between(1, 8), maxWaitMs: pick(10, 1000, 60_000) }),
    through: random.happens(0.5),
    store: pick('shared', 'each', undefined),
    policy,
    startFrom: 'earliest',
    options: {
      policies: { decode: policy, process: policy },
      ...(policy === 'dead-letter' ? { deadLetters: { topic: 'dead-letters', limit: 'none' } } : {}),
      commit: { intervalMs: pick(10, 1000, 5000), every: pick(1, 3, 10_000) },
      bounds: pick({}, { maxUnsettled: 4 }, { maxSpan: 3 }, { maxUnsettled: 8, maxSpan: 5 }),
      stallTimeoutMs: 300_000,
    },
  };
  // From a stream of its own: everything else of a seed is the same with either.
  const ofDatabase = new Random(seed, 'database');
  const isLmdb = ofDatabase.happens(0.5) && drawn.store !== undefined;
  const storesBatches = ofDatabase.happens(0.5) && drawn.batch !== undefined;
  const shape: Shape = isLmdb ? { ...drawn, database: 'lmdb', storesBatches } : drawn;
  const partitions = random.between(1, 4);
  const customers = random.between(1, 6);
  const spreadMs = random.logUniform(1, 60_000);
  const poison = pick(0, 0.05, 0.3);
  const inputs = Array.from({ length: random.between(1, 40) }, (_, id): SimulatedInput => {
    const customerId = `c${random.below(customers)}`;
    const purchase = { id, customerId, zipCode: `z${random.below(3)}`, amount: 1 + id, cardNumber: card(id) };
    const value = random.happens(poison) ? `{"id":${id},` : JSON.stringify(purchase);
    return { topic: 'transactions', key: customerId, value, atMs: Math.floor(random.next() * spreadMs) };
  }).sort((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0));
  const topics = Object.fromEntries(outputs.map(name => [name, random.between(1, 3)]));
  return { shape, inputs, topics: { transactions: partitions, ...topics }, processes: random.between(1, 4) };
}

function storeOf(
  process: ProcessContext,
  { store, database }: Shape,
  stores: Map<string, ReadStore>,
): DocumentStore<MaskedPurchase> {
  const shared = store === 'shared';
  if (database === undefined)
    return process.store(
      'history',
      () => memoryStore<MaskedPurchase>('history', { newId: () => process.newId() }),
      { shared },
    );
  const by = {
    customer: ({ customerId }: MaskedPurchase) => customerId,
    zip: ({ zipCode }: MaskedPurchase) => zipCode,
  };
  const made = process.lmdb('history', { value: json(MaskedPurchase), by }, { shared });
  stores.set(process.name, { place: shared ? 'history' : `${process.name}/history`, store: made });
  return made;
}

/** @param stores those on disk, of each process the last that it made */
function topologyOf(shape: Shape, stores: Map<string, ReadStore>): SimulatedTopology {
  return (app: App, process) => {
    const masked = app.topic('transactions', { value: json(Purchase) }).pipe(mask('cardNumber'), share());
    masked
      .pipe(project(({ id }) => ({ id })))
      .subscribe(app.to('patterns', { keyBy: ({ id }) => String(id), value: json(Mention) }));
    const rewards =
      shape.mapAsync === undefined
        ? masked.pipe(project(({ id }) => ({ id })))
        : masked.pipe(
            mapAsync(
              async ({ id }: MaskedPurchase) => {
                if (shape.asyncMs > 0) await delay(process.clock, (id % 3) * shape.asyncMs);
                return { id };
              },
              { order: shape.mapAsync },
            ),
          );
    rewards.subscribe(app.to('rewards', { keyBy: ({ id }) => String(id), value: json(Mention) }));
    if (shape.batch !== undefined) {
      masked
        .pipe(batch(records => ({ ids: records.map(({ value }) => value.id) }), shape.batch))
        .subscribe(app.to('batches', { keyBy: () => null, value: json(Batch) }));
    }
    if (shape.through) {
      masked
        .pipe(
          through(app.to('audit', { keyBy: ({ customerId }) => customerId, value: json(MaskedPurchase) })),
          project(({ id }) => ({ id })),
        )
        .subscribe(app.to('audited', { keyBy: ({ id }) => String(id), value: json(Mention) }));
    }
    masked.subscribe(
      app.to('purchases', { keyBy: ({ customerId }) => customerId, value: json(MaskedPurchase) }),
    );
    if (shape.batch !== undefined && shape.storesBatches === true) {
      const where = { shared: shape.store === 'shared' };
      masked
        .pipe(batch(records => ({ ids: records.map(({ value }) => value.id) }), shape.batch))
        .subscribe(app.store(process.lmdb('batches', { value: json(Batch) }, where)));
    }
    if (shape.store !== undefined) masked.subscribe(app.store(storeOf(process, shape, stores)));
  };
}

/** All that a run of this workload takes but choices and profile. */
export function systemOf(
  workload: Workload,
): Pick<SimulationParts, 'topology' | 'options' | 'inputs' | 'topics' | 'processes' | 'invariants'> {
  const { shape, inputs, topics, processes } = workload;
  const stores = new Map<string, ReadStore>();
  return {
    topology: topologyOf(shape, stores),
    options: shape.options,
    inputs,
    topics,
    processes,
    invariants: oracle(shape, stores),
  };
}

function oracle(shape: Shape, stores: ReadonlyMap<string, ReadStore>): Invariants {
  const topicsWithAll = [
    'patterns',
    'rewards',
    'purchases',
    ...(shape.batch === undefined ? [] : ['batches']),
    ...(shape.through ? ['audit', 'audited'] : []),
  ];
  return {
    committed(view, offsets) {
      const found = new Found(view);
      for (const { topicId, partition, offset } of offsets) {
        for (const one of view.written) {
          if (one.topicId !== topicId || one.partition !== partition || one.offset >= offset || one.gone)
            continue;
          const missing = missingOf(one, found, topicsWithAll, shape);
          if (missing !== undefined)
            return `${at(one)} is below the committed ${offset} and not in ${missing}`;
        }
      }
      return undefined;
    },
    async atRest(view) {
      const found = new Found(view);
      for (const one of view.written) {
        if (one.gone) continue;
        const missing = missingOf(one, found, topicsWithAll, shape);
        if (missing !== undefined) return `${at(one)} never came to ${missing}`;
      }
      const torn =
        orderOf(view) ??
        doubles(view) ??
        batchedTwice(view) ??
        falsified(view) ??
        raw(view) ??
        tornFolder(view);
      return torn ?? (await readAsStored(view, [...stores.values()]));
    },
  };
}

/** What has arrived where; read at most once for each place. */
class Found {
  readonly #view: SimulationView;
  readonly #topics = new Map<string, ReadonlySet<number>>();
  #documents: ReadonlySet<number> | undefined;
  #batched: ReadonlySet<number> | undefined;
  #letters: ReadonlySet<string> | undefined;

  constructor(view: SimulationView) {
    this.#view = view;
  }

  in(topic: string): ReadonlySet<number> {
    let ids = this.#topics.get(topic);
    if (ids === undefined) {
      ids = new Set(this.#view.records(topic).flatMap(({ value }) => idsIn(value)));
      this.#topics.set(topic, ids);
    }
    return ids;
  }

  get documents(): ReadonlySet<number> {
    this.#documents ??= new Set(storedPurchases(this.#view).flatMap(stored => stored.map(({ id }) => id)));
    return this.#documents;
  }

  get batched(): ReadonlySet<number> {
    this.#batched ??= new Set(storedBatches(this.#view).flat(2));
    return this.#batched;
  }

  /** Coordinates of what was set aside. */
  get letters(): ReadonlySet<string> {
    this.#letters ??= new Set(
      this.#view.records('dead-letters').map(({ headers }) => {
        const text = (name: string) =>
          headers.find(({ key }) => key === `kafka-rx.dead-letter.${name}`)?.value?.toString() ?? '';
        return `${text('partition')}/${text('offset')}`;
      }),
    );
    return this.#letters;
  }
}

function missingOf(
  one: WrittenInput,
  found: Found,
  topics: readonly string[],
  shape: Shape,
): string | undefined {
  const [id] = idsIn(one.input.value);
  if (id === undefined) {
    const set = `${one.partition}/${one.offset}`;
    return shape.policy === 'skip' || found.letters.has(set) ? undefined : 'dead-letters';
  }
  const topic = topics.find(name => !found.in(name).has(id));
  if (topic !== undefined) return topic;
  if (shape.storesBatches === true && !found.batched.has(id)) return 'the store of batches';
  return shape.store === undefined || found.documents.has(id) ? undefined : 'the store';
}

/**
 * Of each customer in each partition of one incarnation of the topic, what comes first comes in the order of writing. Not what expired: who
 * took the partition over may never have read it, and the first to come of it is what the member before has still under way.
 */
function orderOf(view: SimulationView): string | undefined {
  const position = new Map(view.written.map((one, i) => [idsIn(one.input.value)[0], { one, i }]));
  const last = new Map<string, number>();
  const seen = new Set<number>();
  for (const { value, partition } of view.records('purchases')) {
    const [id] = idsIn(value);
    if (id === undefined || seen.has(id)) continue;
    seen.add(id);
    const from = position.get(id);
    if (from === undefined) return `a purchase ${id} that nobody wrote`;
    if (from.one.gone) continue;
    const key = `${from.one.topicId}/${from.one.partition}/${String(from.one.input.key)}/${partition}`;
    if ((last.get(key) ?? -1) > from.i)
      return `${at(from.one)} came out behind a later purchase of its customer`;
    last.set(key, from.i);
  }
  return undefined;
}

function doubles(view: SimulationView): string | undefined {
  for (const stored of storedPurchases(view)) {
    const seen = new Set<number>();
    for (const { id } of stored) {
      if (seen.has(id)) return `purchase ${id} is twice in one store`;
      seen.add(id);
    }
  }
  return undefined;
}

/**
 * However its purchases are grouped when they come again, of each one document is made. Not between members, which may each have a part of a
 * batch; nor where a part of one has expired, and what was made of it is kept: docs/stores.md.
 */
function batchedTwice(view: SimulationView): string | undefined {
  if (view.processes.length > 1) return undefined;
  const gone = new Set(view.written.filter(one => one.gone).flatMap(({ input }) => idsIn(input.value)));
  for (const batches of storedBatches(view)) {
    const found = new Map<number, readonly number[]>();
    for (const ids of batches) {
      for (const id of ids) {
        const other = found.get(id);
        found.set(id, ids);
        if (other === undefined || [...other, ...ids].some(one => gone.has(one))) continue;
        return `purchase ${id} is in two stored batches, ${other.join()} and ${ids.join()}`;
      }
    }
  }
  return undefined;
}

/** A document says what was written, but for the card. */
function falsified(view: SimulationView): string | undefined {
  const written = new Map(view.written.map(({ input }) => [idsIn(input.value)[0], String(input.value)]));
  for (const stored of storedPurchases(view).flat()) {
    const text = written.get(stored.id);
    if (text === undefined) return `a purchase ${stored.id} is stored that nobody wrote`;
    const { customerId, zipCode, amount }: StoredPurchase = JSON.parse(text);
    const same =
      [customerId, zipCode, amount].join() === [stored.customerId, stored.zipCode, stored.amount].join();
    if (!same) return `purchase ${stored.id} was stored as ${JSON.stringify(stored)}`;
  }
  return undefined;
}

function raw(view: SimulationView): string | undefined {
  const topic = outputs.find(name => view.records(name).some(({ value }) => value?.includes('4539-')));
  return topic === undefined ? undefined : `a card number in ${topic}`;
}

function idsIn(value: string | Buffer | null): readonly number[] {
  try {
    const parsed: { id?: number; ids?: number[] } = JSON.parse(String(value));
    return parsed.ids ?? (parsed.id === undefined ? [] : [parsed.id]);
  } catch {
    return [];
  }
}

function at({ input, partition, offset }: WrittenInput): string {
  return `${input.topic}/${partition}@${offset} (purchase ${idsIn(input.value)[0] ?? 'unreadable'})`;
}

function card(id: number): string {
  return `4539-1488-0343-${String(1000 + (id % 9000))}`;
}
