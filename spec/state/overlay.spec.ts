import type { Changes, Checkpoint, StateBackend } from '../../lib/state/backend.js';
import { memoryBackends } from '../../lib/state/memory-backend.js';
import { Overlay, type OverlayOptions } from '../../lib/state/overlay.js';
import type { StateTable } from '../../lib/state/state-table.js';
import type { ValueFormat } from '../../lib/state/value-format.js';
import { VirtualClock } from '../../lib/testing/virtual-clock.js';
import { lmdbTested } from './lmdb/lmdb-tested.js';
import { memoryTested } from './memory-tested.js';
import { describeOverlayModel } from './overlay-contract.js';
import { changes, checkpoint, type Note, notes, numbers, shown } from './state-tested.js';

describeOverlayModel('in memory', memoryTested);
describeOverlayModel('in LMDB', lmdbTested);

const { positions } = checkpoint(1);

/** A backend whose applies end when the test says so. */
class SlowBackend {
  readonly backend: StateBackend;
  readonly applied: { readonly changes: Changes; readonly checkpoint: Checkpoint }[] = [];
  #settle: ((error?: Error) => void)[] = [];

  constructor(backend: StateBackend) {
    const apply = async (changed: Changes, to: Checkpoint): Promise<void> => {
      this.applied.push({ changes: changed, checkpoint: to });
      await new Promise<void>((resolve, reject) => {
        this.#settle.push(error => (error === undefined ? resolve() : reject(error)));
      });
      await backend.apply(changed, to);
    };
    this.backend = new Proxy(backend, {
      get(target, name) {
        if (name === 'apply') return apply;
        const member = Reflect.get(target, name);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  }

  async end(error?: Error): Promise<void> {
    this.#settle.shift()?.(error);
    for (let i = 0; i < 10; i++) await Promise.resolve();
  }
}

describe('an overlay', () => {
  let clock: VirtualClock;
  let memory: StateBackend;
  let slow: SlowBackend;
  let overlay: Overlay;
  let table: StateTable<Note>;

  async function begin(options: OverlayOptions = {}, initial: Changes = new Map()): Promise<void> {
    clock = new VirtualClock();
    memory = await memoryBackends.open('task');
    if (initial.size > 0) await memory.apply(initial, checkpoint(1));
    slow = new SlowBackend(memory);
    overlay = new Overlay(slow.backend, { clock, ...options });
    table = overlay.table('a', notes);
  }

  const put = (key: string, text: string, timestamp = text.length): void => {
    table.put(key, { value: { text }, timestamp });
  };
  const keysOf = (changed: Changes): string[] => [...(changed.get('a') ?? [])].map(([key]) => key);

  it('takes nothing that was only read for a change', async () => {
    await begin(
      {},
      changes({
        a: [
          ['k', 'one'],
          ['l', 'two'],
        ],
      }),
    );
    expect(table.get('k')?.value.text).toBe('one');
    expect(table.page({}, 10)).toHaveLength(2);
    expect(table.get('none')).toBeUndefined();
    expect(overlay.seal().changes).toEqual(new Map());
  });

  it('leaves out what is known to be as it was, and not what has another timestamp', async () => {
    await begin(
      {},
      changes({
        a: [
          ['k', 'one'],
          ['l', 'two'],
          ['m', 'three'],
        ],
      }),
    );
    for (const key of ['k', 'l', 'none']) table.get(key);
    put('k', 'one');
    put('l', 'two', 99);
    put('m', 'three'); // nobody knows what was there
    put('none', 'x');
    table.delete('none');
    put('unread', 'x');
    table.delete('unread'); // nobody knows that it was not there
    expect(keysOf(overlay.seal().changes)).toEqual(['l', 'm', 'unread']);
  });

  it('hands on a deletion of what only a cut that is not committed yet has', async () => {
    await begin();
    expect(table.get('k')).toBeUndefined();
    put('k', 'one');
    const first = overlay.seal();
    table.get('k');
    table.delete('k');
    const second = overlay.seal();
    expect([...second.changes]).toEqual([['a', [['k', null]]]]);
    first.committed(2, positions);
    second.committed(3, positions);
    expect(table.get('k')).toBeUndefined();
  });

  it('shows no rows that are deleted above the last of the backend, or before its next, or all', async () => {
    const many = Array.from({ length: 40 }, (_, i): [string, string] => [`k${10 + i}`, 'x']);
    await begin({}, changes({ a: many }));
    for (const [key] of many.slice(0, 30)) table.delete(key);
    expect(table.page({}, 2).map(([key]) => key)).toEqual(['k40', 'k41']);
    overlay.seal().committed(2, positions);
    expect(table.page({}, 2).map(([key]) => key)).toEqual(['k40', 'k41']);
    expect(table.page({ to: 'k40', reverse: true }, 2)).toEqual([]);
    for (const [key] of many.slice(30)) table.delete(key);
    expect(table.page({}, 2)).toEqual([]);
    put('z', 'behind');
    expect(table.page({}, 2).map(([key]) => key)).toEqual(['z']);
    expect(table.page({ reverse: true }, 2).map(([key]) => key)).toEqual(['z']);
  });

  it('gives pages that later changes do not touch', async () => {
    await begin();
    put('k', 'one');
    put('l', 'two');
    const page = table.page({}, 10);
    put('k', 'three');
    table.delete('l');
    expect(page.map(([key, row]) => [key, row.value.text])).toEqual([
      ['k', 'one'],
      ['l', 'two'],
    ]);
  });

  it('decodes a row once a cut, whether it is read by key or in pages', async () => {
    await begin(
      {},
      changes({
        a: [
          ['k', 'one'],
          ['l', 'two'],
        ],
      }),
    );
    let decoded = 0;
    const format: ValueFormat<Note> = {
      ...notes,
      decode: bytes => {
        decoded++;
        return notes.decode(bytes);
      },
    };
    const counted = new Overlay(memory, { clock }).table('a', format);
    expect(counted.get('k')).toBe(counted.get('k'));
    expect(counted.page({}, 10)[0]?.[1]).toBe(counted.get('k'));
    counted.page({ reverse: true }, 10);
    expect(decoded).toBe(2);
  });

  it('gives every cut values of its own: what one keeps and changes is not in the next', async () => {
    await begin({}, changes({ a: [['read', 'one']] }));
    const [read, written] = [table.get('read')?.value, { text: 'two' }];
    table.put('written', { value: written, timestamp: 3 });
    const cut = overlay.seal();
    Object.assign(read ?? {}, { text: 'spoilt' });
    written.text = 'spoilt';
    expect(table.get('read')?.value.text).toBe('one');
    expect(table.get('written')?.value.text).toBe('two');
    expect(shown(cut.changes.get('a')?.[0]?.[1] ?? undefined)).toBe('two');
  });

  it('lets values be the very bytes of their rows, which somebody changes in place', async () => {
    await begin(
      {},
      changes({
        bytes: [
          ['k', 'one'],
          ['l', 'two'],
        ],
      }),
    );
    const asIs: ValueFormat<Buffer> = { encode: value => value, decode: bytes => bytes };
    const raw = overlay.table('bytes', asIs);
    const read = (key: string): string | undefined => raw.get(key)?.value.toString();
    const one = raw.get('k') ?? { value: Buffer.alloc(3), timestamp: 3 };
    one.value.write('ONE');
    raw.put('k', one);
    raw.get('l')?.value.fill(0);
    const cut = overlay.seal();
    expect(cut.changes.get('bytes')?.map(([key, row]) => [key, shown(row ?? undefined)])).toEqual([
      ['k', 'ONE'],
    ]);
    one.value.fill(0);
    expect([read('k'), read('l')]).toEqual(['ONE', 'two']);
    raw.get('k')?.value.fill(0);
    cut.committed(2, positions);
    overlay.abort();
    expect(read('k')).toBe('ONE');
  });

  it('gives back what was there, after an abort of a cut that changed its values in place', async () => {
    await begin({}, changes({ a: [['k', 'one']] }));
    overlay.numbers.set('time', 5);
    overlay.seal().committed(2, positions);
    const note = table.get('k')?.value ?? { text: '' };
    note.text = 'changed';
    table.put('k', { value: note, timestamp: 9 });
    overlay.numbers.set('time', 9);
    overlay.seal();
    overlay.numbers.set('other', 1);
    overlay.abort();
    expect(table.get('k')).toEqual({ value: { text: 'one' }, timestamp: 3 });
    expect([overlay.numbers.get('time'), overlay.numbers.get('other')]).toEqual([5, undefined]);
  });

  it('commits cuts in their order, once, and not after an abort', async () => {
    await begin();
    const [first, second] = [overlay.seal(), overlay.seal()];
    expect(() => second.committed(2, positions)).toThrow(/oldest/);
    first.committed(1, positions);
    expect(() => first.committed(2, positions)).toThrow(/oldest/);
    overlay.abort();
    expect(() => second.committed(2, positions)).toThrow(/oldest/);
  });

  it('knows which cut a table is of that came when another cut was sealed already', async () => {
    await begin();
    put('k', 'one');
    const first = overlay.seal();
    overlay.table('late', numbers).put('n', { value: 7, timestamp: 1 });
    overlay.seal();
    first.committed(1, positions);
    overlay.abort();
    expect(overlay.table('late', numbers).get('n')).toBeUndefined();
  });

  it('seals nothing where a value cannot be encoded', async () => {
    await begin();
    put('k', 'one');
    const refusing: ValueFormat<Note> = {
      ...notes,
      encode: () => {
        throw new Error('no');
      },
    };
    overlay.table('b', refusing).put('k', { value: { text: '' }, timestamp: 1 });
    expect(() => overlay.seal()).toThrow('no');
    expect(overlay.dirty).toBe(2);
    overlay.table('b', refusing).delete('k');
    expect(keysOf(overlay.seal().changes)).toEqual(['k']);
  });

  it('keeps what is applied readable until the backend shows it, and what is committed meanwhile above it', async () => {
    await begin({ maxKeys: 2 });
    put('k', 'one');
    put('l', 'two');
    overlay.seal().committed(1, positions);
    expect(slow.applied).toHaveLength(1);
    expect(table.get('k')?.value.text).toBe('one');
    put('k', 'three');
    table.delete('l');
    overlay.seal().committed(2, positions);
    expect(slow.applied).toHaveLength(1);
    await slow.end();
    expect(table.page({}, 10).map(([key, row]) => [key, row.value.text])).toEqual([['k', 'three']]);
    expect(slow.applied[1]?.checkpoint.commitNumber).toBe(2);
    await slow.end();
    expect(table.page({}, 10).map(([key, row]) => [key, row.value.text])).toEqual([['k', 'three']]);
    expect(memory.size('a')).toBe(1);
  });

  it('applies many commits as one, the newest of each key, when the oldest of them has waited so long', async () => {
    await begin({ maxAgeMs: 1000 });
    for (let i = 1; i <= 5; i++) {
      put('k', `v${i}`);
      put(`k${i}`, 'x');
      overlay.seal().committed(i, positions);
      clock.advance(200);
    }
    expect(slow.applied).toHaveLength(1);
    expect(slow.applied[0]?.checkpoint).toMatchObject({
      commitNumber: 5,
      positions,
      time: expect.any(Number),
    });
    expect(keysOf(slow.applied[0]?.changes ?? new Map())).toEqual(['k', 'k1', 'k2', 'k3', 'k4', 'k5']);
    expect(shown(slow.applied[0]?.changes.get('a')?.[0]?.[1] ?? undefined)).toBe('v5');
    await slow.end();
    clock.advance(10_000);
    expect(slow.applied).toHaveLength(1);
  });

  it('applies in time what was committed beside an apply, though nothing is committed any more', async () => {
    await begin({ maxAgeMs: 1000 });
    put('k', 'one');
    overlay.seal().committed(1, positions);
    clock.advance(1000);
    expect(slow.applied).toHaveLength(1);
    put('m', 'three');
    overlay.seal().committed(2, positions);
    clock.advance(5000);
    expect(slow.applied).toHaveLength(1);
    await slow.end();
    expect(slow.applied).toHaveLength(1);
    clock.advance(1000);
    expect(slow.applied[1]?.checkpoint.commitNumber).toBe(2);
  });

  it('is applied by bytes as well', async () => {
    await begin({ maxBytes: 5000 });
    put('k', 'x'.repeat(4000));
    overlay.seal().committed(1, positions);
    expect(slow.applied).toHaveLength(0);
    put('l', 'x'.repeat(1000));
    overlay.seal().committed(2, positions);
    expect(slow.applied).toHaveLength(1);
  });

  it('has something to wait for while more is committed than three applies take', async () => {
    await begin({ maxKeys: 2 });
    for (let i = 1; i <= 6; i++) {
      expect(overlay.pressure()).toBeUndefined();
      put(`k${i}`, 'x');
      overlay.seal().committed(i, positions);
    }
    let isRelieved = false;
    const relieved = overlay.pressure()?.then(() => {
      isRelieved = true;
    });
    expect(relieved).toBeDefined();
    await Promise.resolve();
    expect(isRelieved).toBe(false);
    await slow.end();
    await relieved;
    expect(overlay.pressure()).toBeUndefined();
  });

  it('keeps what could not be applied, says so to who waits next, and tries again', async () => {
    await begin({ maxKeys: 1 });
    put('k', 'one');
    overlay.seal().committed(1, positions);
    await slow.end(new Error('disk full'));
    put('k', 'two');
    overlay.seal().committed(2, positions);
    expect(slow.applied).toHaveLength(1);
    expect(table.get('k')?.value.text).toBe('two');
    const refused = expect(overlay.pressure()).rejects.toThrow('disk full');
    await slow.end(new Error('disk full'));
    await refused;
    const relieved = overlay.pressure();
    expect(slow.applied.map(({ checkpoint: { commitNumber } }) => commitNumber)).toEqual([1, 1, 1]);
    await slow.end();
    await relieved;
    const all = overlay.applyNow();
    await slow.end();
    await all;
    expect(shown(memory.get('a', 'k'))).toBe('two');
  });

  it('begins with the numbers of the cut that the backend has', async () => {
    await begin({}, changes({ a: [['k', 'one']] }));
    expect(overlay.numbers.get('time')).toBe(1);
  });

  it('refuses a table of another format, and says how large it and its tables are', async () => {
    await begin({}, changes({ a: [['k', 'one']] }));
    expect(() => overlay.table('a', numbers)).toThrow(/another format/);
    const { size } = overlay.table('a', notes);
    expect(size).toBe(1);
    const before = overlay.bytes;
    table.get('l');
    put('l', 'x'.repeat(10_000));
    overlay.seal();
    expect(overlay.bytes - before).toBeGreaterThan(10_000);
    expect(overlay.table('a', notes).size).toBe(2);
  });

  it('counts what is on its way to the backend among the rows of a table, so far as it was read before', async () => {
    await begin(
      {},
      changes({
        a: [
          ['k', 'one'],
          ['l', 'two'],
        ],
      }),
    );
    const sized = overlay.table('a', notes);
    for (const key of ['k', 'm', 'n']) table.get(key);
    put('m', 'x');
    put('n', 'x');
    table.delete('k');
    overlay.seal().committed(2, positions);
    expect(sized.size).toBe(3);
    table.get('m');
    table.delete('m');
    put('n', 'again');
    overlay.seal().committed(3, positions);
    expect(sized.size).toBe(2);
    const all = overlay.applyNow();
    await slow.end();
    await all;
    expect([sized.size, memory.size('a')]).toEqual([2, 2]);
  });
});

test('how many bytes the open cut has is known before any was sealed, and when rows are larger than those of the last', async () => {
  const overlay = new Overlay(await memoryBackends.open('task'));
  const table = overlay.table('a', notes);
  const putSome = (text: string): number => {
    for (let i = 0; i < 200; i++) table.put(`${i}`, { value: { text }, timestamp: 1 });
    return overlay.dirtyBytes / 200;
  };
  const bytesOfRow = (of: number) => [of > 10_000, of < 11_000];
  expect(bytesOfRow(putSome('x'.repeat(10_000)))).toEqual([true, true]);
  overlay.seal().committed(1, positions);
  expect(putSome('x')).toBeLessThan(500);
  overlay.seal().committed(2, positions);
  expect(bytesOfRow(putSome('y'.repeat(10_000)))).toEqual([true, true]);
});
