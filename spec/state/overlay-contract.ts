import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import type { StateBackend } from '../../lib/state/backend.js';
import { Overlay, type SealedCut, type ShownTable } from '../../lib/state/overlay.js';
import { valueIn } from '../../lib/state/row.js';
import type { ReadTable, StateTable } from '../../lib/state/state-table.js';
import { type BackendTested, checkpoint, type Note, notes, numbers, oddKeys } from './state-tested.js';

/** What a table should be: a value's timestamp is its length. */
type Model = ReadonlyMap<string, string>;

interface Tables<M> {
  readonly notes: M;
  readonly numbers: M;
}

type Shown = StateTable<Note | number> & ShownTable<Note | number>;
type Table = keyof Tables<unknown>;
const tables: readonly Table[] = ['notes', 'numbers'];
const positions = checkpoint(1).positions;

const table = fc.constantFrom(...tables);
const key = fc.constantFrom(...oddKeys);
const bound = fc.option(key, { nil: undefined });
const step = fc.oneof(
  { weight: 12, arbitrary: fc.tuple(fc.constant('put' as const), table, key, fc.nat(3)) },
  { weight: 5, arbitrary: fc.tuple(fc.constant('delete' as const), table, key) },
  { weight: 5, arbitrary: fc.tuple(fc.constant('get' as const), table, key) },
  {
    weight: 5,
    arbitrary: fc.tuple(fc.constant('page' as const), table, bound, bound, fc.boolean(), fc.nat(4)),
  },
  { weight: 4, arbitrary: fc.tuple(fc.constant('seal' as const)) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('commit' as const)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('apply' as const)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('turn' as const)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('abort' as const)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('crash' as const)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('spoil' as const)) },
);

/** The overlay beside sorted arrays: what it shows, what it hands on and what is left of it. */
export function describeOverlayModel(name: string, make: () => Promise<BackendTested>): void {
  it(`shows what sorted arrays would, over the backend ${name}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120, size: 'max' }), async steps => {
        const tested = await make();
        const run = await Run.begin(tested);
        try {
          for (const one of steps) await run.step(one);
          await run.end();
        } finally {
          await run.close();
          await tested.dispose();
        }
      }),
      { numRuns: 60 },
    );
  }, 120_000);
}

class Run {
  /** Committed, by commit number, as the changelog has it. */
  readonly #log: SealedCut[] = [];
  #committed: Tables<Model> = { notes: new Map(), numbers: new Map() };
  #sealed: { readonly cut: SealedCut; readonly rows: Tables<Model>; readonly time: number }[] = [];
  #open: Tables<Map<string, string>> = { notes: new Map(), numbers: new Map() };
  #time = 0;
  #committedTime = 0;
  /** Handed out or taken in by cuts before this one. */
  #former: Note[] = [];
  #present: Note[] = [];
  #overlay: Overlay;

  private constructor(
    readonly tested: BackendTested,
    private backend: StateBackend,
  ) {
    this.#overlay = this.#over(backend);
  }

  static async begin(tested: BackendTested): Promise<Run> {
    return new Run(tested, await tested.open());
  }

  async step([what, ...rest]: typeof step extends fc.Arbitrary<infer S> ? S : never): Promise<void> {
    const [of, at, third, reverse, limit] = rest as unknown as [Table, string, never, boolean, number];
    if (what === 'put') this.#put(of, at, third);
    if (what === 'delete') this.#delete(of, at);
    if (what === 'get') this.#get(of, at);
    if (what === 'page') this.#page(of, at, third, reverse, limit + 1);
    if (what === 'seal') this.#seal();
    if (what === 'commit') this.#commit();
    if (what === 'apply') await this.#overlay.applyNow();
    if (what === 'turn') await nextTurn();
    if (what === 'abort') this.#abort();
    if (what === 'crash') await this.#crash();
    // A user's function that keeps a value and goes on changing it.
    if (what === 'spoil') for (const note of this.#former) note.text = 'spoilt';
  }

  /** Everything that is committed is in the backend, and nothing else. */
  async end(): Promise<void> {
    for (const of of tables) this.#page(of, undefined, undefined, false, 100);
    this.#abort();
    for (const of of tables) this.#page(of, undefined, undefined, true, 100);
    await this.#overlay.applyNow();
    expect(this.backend.checkpoint?.commitNumber ?? 0).toBe(this.#log.length);
    this.#overlay = this.#over(this.backend);
    for (const of of tables) {
      this.#page(of, undefined, undefined, false, 100);
      expect(this.#overlay.bytes).toBeGreaterThanOrEqual(0);
      expect(this.backend.size(of)).toBe(this.#committed[of].size);
    }
  }

  async close(): Promise<void> {
    this.#overlay.close();
    await this.backend.close();
  }

  #over(backend: StateBackend): Overlay {
    // So few that background applies are under way in many runs, and rows are read anew.
    return new Overlay(backend, { maxKeys: 3, cleanEntries: 4 });
  }

  #table(of: Table): Shown {
    if (of === 'notes') return this.#overlay.table('notes', notes) as Shown;
    return this.#overlay.table('numbers', numbers) as Shown;
  }

  #put(of: Table, at: string, digits: number): void {
    const text = '1'.repeat(digits + 1);
    const value = of === 'notes' ? this.#note({ text }) : Number(text);
    this.#table(of).put(at, { value, timestamp: text.length });
    this.#open[of].set(at, text);
    this.#overlay.numbers.set('time', ++this.#time);
  }

  #delete(of: Table, at: string): void {
    this.#table(of).delete(at);
    this.#open[of].delete(at);
  }

  #get(of: Table, at: string): void {
    const row = this.#table(of).get(at);
    expect(row && this.#shown(row.value)).toBe(this.#open[of].get(at));
    expect(row?.timestamp).toBe(this.#open[of].get(at)?.length);
    const committed = this.#table(of).committed.get(at);
    expect(committed && this.#shown(committed.value)).toBe(this.#committed[of].get(at));
  }

  #page(of: Table, from: string | undefined, to: string | undefined, reverse: boolean, limit: number): void {
    this.#pageOf(this.#table(of), this.#open[of], from, to, reverse, limit);
    this.#pageOf(this.#table(of).committed, this.#committed[of], from, to, reverse, limit);
  }

  #pageOf(
    table: ReadTable<Note | number>,
    model: Model,
    from: string | undefined,
    to: string | undefined,
    reverse: boolean,
    limit: number,
  ): void {
    const rows = [...model]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .filter(([at]) => (from === undefined || at >= from) && (to === undefined || at < to));
    if (reverse) rows.reverse();
    const found: (readonly [string, string])[] = [];
    for (let range = { from, to, reverse }; found.length <= rows.length; ) {
      const page = table.page(range, limit);
      found.push(...page.map(([at, row]) => [at, this.#shown(row.value)] as const));
      const last = page.at(-1)?.[0];
      if (last === undefined) break;
      range = reverse ? { ...range, to: last } : { ...range, from: `${last}\0` };
    }
    expect(found).toEqual(rows);
  }

  #seal(): void {
    expect(this.#overlay.numbers.get('time') ?? 0).toBe(this.#time);
    const cut = this.#overlay.seal();
    const before = this.#sealed.at(-1)?.rows ?? this.#committed;
    const rows = copied(this.#open);
    this.#sealed.push({ cut, rows, time: this.#time });
    expect(folded(before, [cut])).toEqual(sortedRows(rows));
    for (const changes of cut.changes.values()) {
      const keys = changes.map(([at]) => at);
      expect(keys).toEqual([...new Set(keys)].sort());
    }
    this.#former.push(...this.#present);
    this.#present = [];
  }

  #commit(): void {
    const oldest = this.#sealed.shift();
    if (oldest === undefined) return;
    this.#log.push(oldest.cut);
    oldest.cut.committed(this.#log.length, positions);
    this.#committed = oldest.rows;
    this.#committedTime = oldest.time;
  }

  #abort(): void {
    this.#overlay.abort();
    this.#forgetUncommitted();
    expect(this.#overlay.numbers.get('time') ?? 0).toBe(this.#committedTime);
  }

  #forgetUncommitted(): void {
    this.#sealed = [];
    this.#open = copied(this.#committed);
    this.#time = this.#committedTime;
    this.#former.push(...this.#present);
    this.#present = [];
  }

  async #crash(): Promise<void> {
    this.#overlay.close();
    await this.tested.crash(this.backend);
    this.backend = await this.tested.open();
    // What a restore does: everything that the changelog has behind the checkpoint.
    const from = this.backend.checkpoint?.commitNumber ?? 0;
    for (const cut of this.#log.slice(from)) await this.backend.restore(cut.changes, checkpoint(0));
    if (from < this.#log.length) {
      const cut = { ...checkpoint(this.#log.length), numbers: this.#log.at(-1)?.numbers ?? new Map() };
      await this.backend.apply(new Map(), cut);
    }
    expect(this.backend.ahead).toBeUndefined();
    this.#overlay = this.#over(this.backend);
    this.#forgetUncommitted();
  }

  #note(note: Note): Note {
    this.#present.push(note);
    return note;
  }

  #shown(value: Note | number): string {
    return typeof value === 'number' ? String(value) : this.#note(value).text;
  }
}

function copied(rows: Tables<Model>): Tables<Map<string, string>> {
  return { notes: new Map(rows.notes), numbers: new Map(rows.numbers) };
}

function folded(rows: Tables<Model>, cuts: readonly SealedCut[]): unknown {
  const after = copied(rows);
  for (const { changes } of cuts) {
    for (const of of tables) {
      for (const [at, row] of changes.get(of) ?? []) {
        if (row === null) after[of].delete(at);
        else after[of].set(at, valueIn(row).toString());
      }
    }
  }
  return sortedRows(after);
}

function sortedRows(rows: Tables<Model>): unknown {
  return tables.map(of => [...rows[of]].sort(([a], [b]) => (a < b ? -1 : 1)));
}
