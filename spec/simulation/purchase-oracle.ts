/** What must hold of the purchase system: looks at the broker's log and at what lies on disks, never at the library. */
import { filledUpTo } from '../../lib/testing/simulation/commit-texts.js';
import type {
  Invariants,
  SimulationView,
  WrittenInput,
} from '../../lib/testing/simulation/simulation-parts.js';
import { idsIn } from './ids-in.js';
import { letterHeader } from './letter-header.js';
import { notOnce } from './once-oracle.js';
import type { PurchaseLog } from './purchase-log.js';
import { outputs, type Workload } from './purchase-workload.js';
import {
  type ReadStore,
  readAsStored,
  type StoredPurchase,
  storedBatches,
  storedPurchases,
  tornFolder,
} from './stored-purchases.js';

export function purchaseOracle(
  workload: Workload,
  log: PurchaseLog,
  stores: ReadonlyMap<string, ReadStore>,
): Invariants {
  const { shape } = workload;
  const topicsWithAll = [
    'patterns',
    'rewards',
    'purchases',
    ...(shape.batch === undefined ? [] : ['batches']),
    ...(shape.through ? ['audit', 'audited'] : []),
  ];
  return {
    committed(view, offsets) {
      const found = new Found(view, workload, log);
      if (shape.awaitsOwn !== undefined) log.noteSeen(found.in('patterns'));
      for (const { topicId, partition, offset, metadata } of offsets) {
        const filled = filledUpTo(metadata) ?? offset;
        for (const one of view.written) {
          if (one.topicId !== topicId || one.partition !== partition || one.offset >= offset) continue;
          if (!isDue(one, view, workload)) continue;
          const missing = missingOf(one, found, topicsWithAll, workload, one.offset < filled);
          if (missing !== undefined)
            return `${at(one)} is below the committed ${offset} and not in ${missing}`;
        }
      }
      return log.wrong;
    },
    async atRest(view) {
      for (const mark of [...log.marks, ...log.inputs.marks]) view.mark(mark);
      const found = new Found(view, workload, log);
      for (const one of view.written) {
        if (!isDue(one, view, workload)) continue;
        const missing = missingOf(one, found, topicsWithAll, workload);
        if (missing !== undefined) return `${at(one)} never came to ${missing}`;
      }
      const wrong =
        log.wrong ??
        orderOf(view, workload) ??
        doubles(view) ??
        batchedTwice(view) ??
        falsified(view) ??
        (shape.options.guarantee === 'exactly-once' ? notOnce(view, shape) : undefined) ??
        oftener(view, log) ??
        raw(view) ??
        tornFolder(view);
      return wrong ?? (await readAsStored(view, [...stores.values()]));
    },
  };
}

/** Whether a record had to be read: one that is still there, and where the group began at the end, one of a younger partition. */
function isDue(one: WrittenInput, view: SimulationView, { shape }: Workload): boolean {
  return !one.gone && (shape.startFrom === 'earliest' || view.isYoung(one));
}

/** What has arrived where; read at most once for each place. */
class Found {
  readonly #view: SimulationView;
  readonly #workload: Workload;
  readonly #log: PurchaseLog;
  readonly #topics = new Map<string, ReadonlySet<number>>();
  #documents: ReadonlySet<number> | undefined;
  #batched: ReadonlySet<number> | undefined;
  #letters: ReadonlySet<string> | undefined;

  constructor(view: SimulationView, workload: Workload, log: PurchaseLog) {
    this.#view = view;
    this.#workload = workload;
    this.#log = log;
  }

  get called(): ReadonlySet<number> {
    return this.#log.called;
  }

  in(topic: string): ReadonlySet<number> {
    let ids = this.#topics.get(topic);
    if (ids === undefined) {
      ids = new Set(this.#view.decided(topic).flatMap(({ value }) => idsIn(value)));
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

  /** Where each process has a store of its own and it is lost, nobody can fill it again of what others had of a partition before. */
  get storesCount(): boolean {
    const { shape, processes } = this.#workload;
    return this.#view.disksLost === 0 || shape.store === 'shared' || processes === 1;
  }

  /** Coordinates of what was set aside. */
  get letters(): ReadonlySet<string> {
    this.#letters ??= new Set(
      this.#view.decided('dead-letters').map(({ headers }) => {
        const text = (name: string): string => letterHeader(headers, name);
        return `${text('topic')}/${text('partition')}/${text('offset')}`;
      }),
    );
    return this.#letters;
  }
}

function missingOf(
  one: WrittenInput,
  found: Found,
  topics: readonly string[],
  { shape }: Workload,
  inStores = true,
): string | undefined {
  const [id] = idsIn(one.input.value);
  const isRefused = id === undefined || shape.tooLarge?.includes(id) === true;
  if (isRefused && shape.policy === 'dead-letter') {
    const set = `${one.input.topic}/${one.partition}/${one.offset}`;
    if (!found.letters.has(set)) return 'dead-letters';
  }
  if (id === undefined) return undefined;
  const topic = topics.find(name => !found.in(name).has(id));
  if (topic !== undefined) return topic;
  if (shape.each !== undefined && !found.called.has(id)) return 'app.each';
  if (!inStores || !found.storesCount) return undefined;
  if (shape.storesBatches === true && !found.batched.has(id)) return 'the store of batches';
  return shape.store === undefined || found.documents.has(id) ? undefined : 'the store';
}

/**
 * Of each customer in each partition of one incarnation of the topic, what comes first comes in the order of writing. Not what expired: who
 * took the partition over may never have read it, and the first to come of it is what the member before has still under way. Nor what
 * lay there before the group began at the end: it comes when a lost store is filled again.
 */
function orderOf(view: SimulationView, workload: Workload): string | undefined {
  const position = new Map(view.written.map((one, i) => [idsIn(one.input.value)[0], { one, i }]));
  const last = new Map<string, number>();
  const seen = new Set<number>();
  for (const { value, partition } of view.records('purchases')) {
    const [id] = idsIn(value);
    if (id === undefined || seen.has(id)) continue;
    seen.add(id);
    const from = position.get(id);
    if (from === undefined) return `a purchase ${id} that nobody wrote`;
    if (!isDue(from.one, view, workload)) continue;
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

/** Each branch writes a purchase once for each time that it is handed one. */
function oftener(view: SimulationView, log: PurchaseLog): string | undefined {
  for (const topic of outputs) {
    const written = new Map<number, number>();
    for (const { value } of topic === 'dead-letters' ? [] : view.records(topic))
      for (const id of idsIn(value)) written.set(id, (written.get(id) ?? 0) + 1);
    for (const [id, times] of written) {
      const read = log.read.get(id) ?? 0;
      if (times > read) return `purchase ${id} is ${times} times in ${topic}, and was read ${read} times`;
    }
  }
  return undefined;
}

function raw(view: SimulationView): string | undefined {
  const topic = outputs.find(name => view.records(name).some(({ value }) => value?.includes('4539-')));
  return topic === undefined ? undefined : `a card number in ${topic}`;
}

function at({ input, partition, offset }: WrittenInput): string {
  return `${input.topic}/${partition}@${offset} (purchase ${idsIn(input.value)[0] ?? 'unreadable'})`;
}
