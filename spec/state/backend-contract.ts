import fc from 'fast-check';
import type { StateBackend } from '../../lib/state/backend.js';
import {
  type BackendTested,
  changes,
  checkpoint,
  oddKeys,
  rowsOf,
  shown,
  type Written,
} from './state-tested.js';

/** What every backend does, against a sorted array. */
export function describeBackendContract(name: string, make: () => Promise<BackendTested>): void {
  describe(`the state backend ${name}`, () => {
    let tested: BackendTested;
    let backend: StateBackend;

    beforeEach(async () => {
      tested = await make();
      backend = await tested.open();
    });

    afterEach(async () => {
      await backend.close();
      await tested.dispose();
    });

    it('begins empty', () => {
      expect(backend.checkpoint).toBeUndefined();
      expect(backend.ahead).toBeUndefined();
      expect(backend.get('a', 'k')).toBeUndefined();
      expect(backend.page('a', {}, 10)).toEqual([]);
      expect(backend.size('a')).toBe(0);
    });

    it('has the rows of all tables and the checkpoint when an apply has resolved', async () => {
      const cut = { ...checkpoint(3), numbers: new Map([['closed', Number.NEGATIVE_INFINITY]]) };
      await backend.apply(changes({ a: [['k', 'one']], b: [['k', 'two']] }), cut);
      expect(shown(backend.get('a', 'k'))).toBe('one');
      expect(shown(backend.get('b', 'k'))).toBe('two');
      expect(backend.get('c', 'k')).toBeUndefined();
      expect(backend.checkpoint).toEqual(cut);
      expect(backend.ahead).toBeUndefined();
    });

    it('has the versions of positions, also when it is opened again', async () => {
      const positions = new Map([
        ['log', { topicId: 'id', offset: 5, version: 2 }],
        ['other', { topicId: 'id2', offset: 6 }],
      ]);
      await backend.apply(new Map(), { ...checkpoint(1), positions });
      expect(backend.checkpoint?.positions).toEqual(positions);
      if (!tested.outlives) return;
      await backend.close();
      backend = await tested.open();
      expect(backend.checkpoint?.positions).toEqual(positions);
    });

    it('tells an empty value from none', async () => {
      await backend.apply(changes({ a: [['k', '']] }), checkpoint(1));
      expect(shown(backend.get('a', 'k'))).toBe('');
      expect(shown(backend.page('a', {}, 1)[0]?.[1])).toBe('');
    });

    it.each([2, 3])('refuses commit %i after 3, and nothing of it is there', async commitNumber => {
      await backend.apply(changes({ a: [['k', 'old']] }), checkpoint(3));
      const refused = backend.apply(changes({ a: [['k', 'new']] }), checkpoint(commitNumber));
      await expect(refused).rejects.toMatchObject({ code: 'STORE' });
      expect(shown(backend.get('a', 'k'))).toBe('old');
      expect(backend.checkpoint?.commitNumber).toBe(3);
      await backend.apply(new Map(), checkpoint(4));
    });

    it('takes what a restore reads without taking it for a cut', async () => {
      await backend.restore(
        changes({
          a: [
            ['k', 'one'],
            ['l', 'two'],
          ],
        }),
        checkpoint(9, 55),
      );
      expect(backend.checkpoint).toMatchObject({
        commitNumber: 0,
        positions: new Map([['log', { topicId: 'id', offset: 55 }]]),
      });
      await backend.apply(changes({ a: [['l', null]] }), checkpoint(9));
      await backend.restore(changes({ a: [['m', 'three']] }), checkpoint(12, 77));
      expect(backend.checkpoint).toMatchObject({ commitNumber: 9, numbers: checkpoint(9).numbers });
      expect(rowsOf(backend, 'a')).toEqual([
        ['k', 'one'],
        ['m', 'three'],
      ]);
      expect(backend.size('a')).toBe(2);
    });

    it('has nothing after a wipe, and begins again', async () => {
      await backend.apply(changes({ a: [['k', 'one']] }), checkpoint(3));
      await backend.wipe();
      expect(backend.checkpoint).toBeUndefined();
      expect(backend.get('a', 'k')).toBeUndefined();
      await backend.apply(changes({ a: [['l', 'two']] }), checkpoint(1));
      expect(rowsOf(backend, 'a')).toEqual([['l', 'two']]);
    });

    it('gives buffers that the caller may keep and change', async () => {
      await backend.apply(
        changes({
          a: [
            ['k', 'one'],
            ['l', 'two'],
          ],
        }),
        checkpoint(1),
      );
      const first = backend.get('a', 'k');
      const [[, paged] = []] = backend.page('a', {}, 1);
      expect(shown(backend.get('a', 'l'))).toBe('two');
      expect(shown(first)).toBe('one');
      expect(shown(paged)).toBe('one');
      first?.fill(0);
      paged?.fill(0);
      expect(shown(backend.get('a', 'k'))).toBe('one');
    });

    it('keeps the buffers of an apply to itself once that has resolved', async () => {
      const one = changes({ a: [['k', 'one']] });
      await backend.apply(one, checkpoint(1));
      one.get('a')?.[0]?.[1]?.fill(0);
      expect(shown(backend.get('a', 'k'))).toBe('one');
    });

    it('refuses everything but another close once it is closed', async () => {
      await backend.close();
      await backend.close();
      await expect(backend.apply(new Map(), checkpoint(1))).rejects.toMatchObject({ code: 'CLOSED' });
    });

    it('answers as a sorted array would, whatever its keys', async () => {
      const key = fc.oneof(fc.constantFrom(...oddKeys), fc.string({ unit: latin1, maxLength: 3 }));
      const value = fc.option(fc.string({ unit: latin1, maxLength: 8 }), { nil: null });
      const applies = fc.array(fc.array(fc.tuple(key, value), { maxLength: 12 }), {
        minLength: 1,
        maxLength: 5,
      });
      const bound = fc.option(key, { nil: undefined });
      await fc.assert(
        fc.asyncProperty(applies, bound, bound, fc.boolean(), async (all, from, to, reverse) => {
          await backend.wipe();
          const model = new Map<string, string>();
          for (const [i, written] of all.entries()) {
            const last = new Map(written);
            const sorted = [...last].sort(([a], [b]) => (a < b ? -1 : 1));
            await backend.apply(changes({ a: sorted, beside: [['x', 'beside']] }), checkpoint(i + 1));
            for (const [k, v] of last) v === null ? model.delete(k) : model.set(k, v);
          }
          const rows = [...model].sort(([a], [b]) => (a < b ? -1 : 1));
          expect(rowsOf(backend, 'a')).toEqual(rows);
          expect(backend.size('a')).toBe(rows.length);
          for (const k of oddKeys) expect(shown(backend.get('a', k))).toBe(model.get(k));
          const within = rows.filter(
            ([k]) => (from === undefined || k >= from) && (to === undefined || k < to),
          );
          if (reverse) within.reverse();
          for (const limit of [1, 2, 100]) {
            const page = backend.page('a', { from, to, reverse }, limit);
            expect(page.map(([k, row]) => [k, shown(row)])).toEqual(within.slice(0, limit));
          }
        }),
        { numRuns: 60 },
      );
    });

    it('has after a crash a whole cut, or nothing', async () => {
      await backend.apply(
        changes({
          a: [
            ['k', 'one'],
            ['l', 'two'],
          ],
        }),
        checkpoint(1),
      );
      await backend.apply(changes({ a: [['l', null]], b: [['k', 'three']] }), checkpoint(2));
      await tested.crash(backend);
      backend = await tested.open();
      expect(backend.checkpoint?.commitNumber).toBe(tested.outlives ? 2 : undefined);
      expect(rowsOf(backend, 'a')).toEqual(tested.outlives ? [['k', 'one']] : []);
      expect(rowsOf(backend, 'b')).toEqual(tested.outlives ? [['k', 'three']] : []);
    });

    it('takes 50,000 keys at once', async () => {
      const keys = Array.from({ length: 50_000 }, (_, i) => String(i).padStart(6, '0'));
      await backend.apply(changes({ a: keys.map((key): Written => [key, `v${key}`]) }), checkpoint(1));
      expect(backend.ahead).toBeUndefined();
      expect(backend.size('a')).toBe(50_000);
      const rows = backend.page('a', {}, 60_000);
      expect(rows.map(([key]) => key)).toEqual(keys);
      expect(rows.every(([key, row]) => row.toString('latin1', 8) === `v${key}`)).toBe(true);
    });
  });
}

const latin1 = fc.integer({ min: 0, max: 255 }).map(byte => String.fromCharCode(byte));
