/** The LMDB of simulations against the real one: the same operations on both, the same answers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { binary, type LmdbPicture, type LmdbRoot, type LmdbTable } from '../../lib/stores/lmdb-host.js';
import { lmdbMachine } from '../../lib/stores/lmdb-machine.js';
import { LmdbDisk } from '../../lib/testing/simulation/lmdb-disk.js';
import { SimulatedLmdb } from '../../lib/testing/simulation/simulated-lmdb.js';
import { asTheStore, atOnce } from './lmdb-in-memory.js';

const tables = ['a', 'b'] as const;
type TableName = (typeof tables)[number];

type Look =
  | { readonly does: 'get'; readonly table: TableName; readonly key: string }
  | {
      readonly does: 'keys' | 'range';
      readonly table: TableName;
      readonly start: string | undefined;
      readonly end: string | undefined;
      readonly exclusiveStart: boolean;
      readonly limit: number | undefined;
    };
type Write = {
  readonly does: 'put' | 'put new' | 'remove';
  readonly table: TableName;
  readonly key: string;
  readonly value: string;
};
type Step =
  | Look
  | { readonly does: 'names' | 'reopen' | 'reset' | 'picture' | 'picture done' }
  | { readonly does: 'look at the picture'; readonly look: Look }
  | {
      readonly does: 'transaction' | 'synchronous transaction';
      readonly steps: readonly (Write | Look)[];
      readonly throws: boolean;
    };

// Bytes at which an order of text, of signed bytes or of lengths would differ from that of bytes.
const key = fc
  .array(fc.constantFrom('00', '01', '41', '7f', '80', 'ff'), { minLength: 1, maxLength: 4 })
  .map(bytes => bytes.join(''));
const value = fc.oneof(
  fc.constantFrom('', '00', 'ff'.repeat(40_000)),
  fc.uint8Array({ maxLength: 8 }).map(bytes => Buffer.from(bytes).toString('hex')),
);
const table = fc.constantFrom(...tables);
const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });
const look: fc.Arbitrary<Look> = fc.oneof(
  fc.record({ does: fc.constant('get' as const), table, key }),
  fc.record({
    does: fc.constantFrom('keys' as const, 'range' as const),
    table,
    start: maybe(key),
    end: maybe(key),
    exclusiveStart: fc.boolean(),
    limit: maybe(fc.nat(4)),
  }),
);
const write: fc.Arbitrary<Write> = fc.record({
  does: fc.constantFrom('put' as const, 'put new' as const, 'remove' as const),
  table,
  key,
  value,
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: look },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constantFrom('transaction' as const, 'synchronous transaction' as const),
      steps: fc.array(fc.oneof({ weight: 3, arbitrary: write }, { weight: 1, arbitrary: look }), {
        maxLength: 12,
      }),
      throws: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constantFrom('names' as const, 'reopen' as const, 'reset' as const) }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('picture' as const, 'picture done' as const) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('look at the picture' as const), look }) },
);

interface Opened {
  readonly root: LmdbRoot;
  table(name: TableName): LmdbTable;
}

function opened(root: LmdbRoot): Opened {
  const made = new Map(tables.map(name => [name, root.openDB(name, binary)]));
  return {
    root,
    table(name) {
      const found = made.get(name);
      if (found === undefined) throw new Error(`no table ${name}`);
      return found;
    },
  };
}

function shown(bytes: Buffer | undefined): string {
  if (bytes === undefined) return 'none';
  const text = Buffer.from(bytes).toString('hex');
  // What is given is the caller's own: to write to it changes nothing.
  bytes.fill(0xaa);
  return text.length > 100 ? `${text.slice(0, 100)} and on to ${text.length}` : text;
}

function lookedAt(database: Opened, one: Look, transaction?: LmdbPicture): string {
  const on = database.table(one.table);
  const seen = transaction === undefined ? {} : { transaction };
  if (one.does === 'get') return shown(on.get(Buffer.from(one.key, 'hex'), seen));
  const range = {
    ...seen,
    exclusiveStart: one.exclusiveStart && one.start !== undefined,
    ...(one.start === undefined ? {} : { start: Buffer.from(one.start, 'hex') }),
    ...(one.end === undefined ? {} : { end: Buffer.from(one.end, 'hex') }),
    ...(one.limit === undefined ? {} : { limit: one.limit }),
  };
  if (one.does === 'keys') return [...on.getKeys(range)].map(shown).join();
  return [...on.getRange(range)].map(each => `${shown(each.key)}=${shown(each.value)}`).join();
}

function written(database: Opened, one: Write): string {
  const on = database.table(one.table);
  const [name, bytes] = [Buffer.from(one.key, 'hex'), Buffer.from(one.value, 'hex')];
  let answer = '';
  if (one.does === 'put') on.put(name, bytes);
  else if (one.does === 'remove') on.remove(name);
  else answer = String(on.putSync(name, bytes, { noOverwrite: true }));
  // It has been copied: the memory is used again.
  name.fill(0x55);
  bytes.fill(0x55);
  return answer;
}

/** What each step answers. */
async function answers(open: () => LmdbRoot, steps: readonly Step[]): Promise<readonly string[]> {
  const told: string[] = [];
  let database = opened(open());
  let picture: LmdbPicture | undefined;
  const letGo = (): void => {
    picture?.done();
    picture = undefined;
  };
  for (const one of steps) {
    if (one.does === 'names') told.push([...database.root.getKeys()].map(shown).join());
    else if (one.does === 'reset') database.root.resetReadTxn();
    else if (one.does === 'picture done') letGo();
    else if (one.does === 'picture') {
      letGo();
      database.root.resetReadTxn();
      picture = database.root.useReadTransaction();
    } else if (one.does === 'look at the picture') {
      if (picture !== undefined) told.push(lookedAt(database, one.look, picture));
    } else if (one.does === 'reopen') {
      letGo();
      await database.root.close();
      database = opened(open());
    } else if (one.does === 'transaction' || one.does === 'synchronous transaction') {
      const action = (): number => {
        for (const each of one.steps)
          told.push('value' in each ? written(database, each) : lookedAt(database, each));
        if (one.throws) throw new Error('given up');
        return told.length;
      };
      const isLate = one.does === 'transaction';
      try {
        const result = isLate
          ? await database.root.childTransaction(action)
          : database.root.transactionSync(action);
        told.push(`done, ${result}`);
      } catch (error) {
        told.push(String(error));
      }
    } else if ('table' in one) told.push(lookedAt(database, one));
  }
  letGo();
  await database.root.close();
  return told;
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function real(readOnly = false): () => LmdbRoot {
  const path = mkdtempSync(join(tmpdir(), 'kafka-rx-simulated-lmdb-'));
  folders.push(path);
  return () => lmdbMachine.open({ ...asTheStore, path, readOnly });
}

function simulated(): () => LmdbRoot {
  const disk = new LmdbDisk();
  return () => new SimulatedLmdb(disk, asTheStore, atOnce);
}

describe('the LMDB of simulations', () => {
  it('answers as LMDB does, whatever is asked of it in whatever order', async () => {
    let looks = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async steps => {
        const expected = await answers(real(), steps);
        expect(await answers(simulated(), steps)).toEqual(expected);
        looks += expected.filter(text => text.length > 2).length;
      }),
      { numRuns: 100 },
    );
    // Something was found, or nothing was compared; far below what any draw brings.
    expect(looks).toBeGreaterThan(100);
  }, 120_000);

  it.each([
    ['of no bytes', Buffer.alloc(0)],
    ['of more bytes than LMDB takes', Buffer.alloc(1979, 1)],
  ])('refuses to put a key %s, and with it the transaction, as LMDB does', async (_what, wrong) => {
    for (const open of [real(), simulated()]) {
      const { root, table: named } = opened(open());
      const put = root.childTransaction(() => {
        named('a').put(Buffer.from('k'), Buffer.from('v'));
        named('a').put(wrong, Buffer.from('v'));
      });
      await expect(put).rejects.toThrow();
      expect(named('a').get(Buffer.from('k'))).toBeUndefined();
      if (wrong.length === 0) expect(() => named('a').get(wrong)).toThrow();
      else expect(named('a').get(wrong)).toBeUndefined();
      await root.close();
    }
  });

  it('takes the longest key that LMDB takes', async () => {
    for (const open of [real(), simulated()]) {
      const { root, table: named } = opened(open());
      await root.childTransaction(() => named('a').put(Buffer.alloc(1978, 1), Buffer.from('v')));
      expect(named('a').get(Buffer.alloc(1978, 1))?.toString()).toBe('v');
      await root.close();
    }
  });

  it('has no table that was never made where it may only read, as LMDB', async () => {
    const path = real();
    await opened(path()).root.close();
    const disk = new LmdbDisk();
    await opened(new SimulatedLmdb(disk, asTheStore, atOnce)).root.close();
    const folder = folders.at(-1) ?? '';
    const roots = [
      lmdbMachine.open({ ...asTheStore, path: folder, readOnly: true }),
      new SimulatedLmdb(disk, { ...asTheStore, readOnly: true }, atOnce),
    ];
    for (const root of roots) {
      expect(root.openDB('a', binary)).toBeDefined();
      expect(root.openDB('never', binary)).toBeUndefined();
      await root.close();
    }
  });

  it('reads and writes nothing once it is closed, as LMDB', async () => {
    for (const open of [real(), simulated()]) {
      const { root, table: named } = opened(open());
      await root.close();
      expect(() => named('a').get(Buffer.from('k'))).toThrow();
      await expect((async () => root.childTransaction(() => 1))()).rejects.toThrow();
      expect(() => root.transactionSync(() => 1)).toThrow();
    }
  });
});
