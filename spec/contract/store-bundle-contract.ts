import fc from 'fast-check';
import type { Document, DocumentMember, StorePositions } from '../../lib/stores/port.js';
import { sourceDigest } from '../../lib/stores/source-digest.js';
import { all, origin, type Sale, sale } from './sales.js';
import type { StoreTested } from './store-tested.js';

const member = (offset: number, place: Partial<DocumentMember> = {}): DocumentMember => ({
  origin,
  partition: 0,
  offset,
  ordinal: '',
  ...place,
});

/** A document made of these, as the sink hands it over. */
function madeOf(
  members: readonly DocumentMember[],
  note: string,
  ordinal = '',
  sink = ':batch',
): Document<Sale> {
  const inOrder = [...members].sort(
    (a, b) => a.partition - b.partition || a.offset - b.offset || (a.ordinal < b.ordinal ? -1 : 1),
  );
  const last = inOrder.at(-1);
  if (last === undefined) throw new Error('a document is made of something');
  const digest = sourceDigest(inOrder.map(one => `${one.partition}/${one.offset}${one.ordinal}`).join(' '));
  return {
    source: { ...last, ordinal: digest.ordinal + ordinal, sink },
    timestamp: 1,
    value: { customer: note, at: 1, note },
    members: inOrder,
  };
}

const range = (from: number, to: number, place: Partial<DocumentMember> = {}) =>
  Array.from({ length: to - from }, (_, i) => member(from + i, place));

/** Where to begin for `start`, by what each grouping of these members left to those before it. */
function beginOf(
  members: readonly DocumentMember[],
  groupings: readonly (readonly number[])[],
  start: number,
): number {
  // Each grouping holds every member: the last one has them all.
  const last = groupings.at(-1) ?? [];
  const offsetsOf = (group: number | undefined) =>
    members.flatMap(({ offset }, i) => (last[i] === group ? [offset] : []));
  let begin = start;
  for (let moved = true; moved; ) {
    const cut = members.flatMap(({ offset }, i) => (offset >= begin ? offsetsOf(last[i]) : []));
    const lowest = Math.min(begin, ...cut);
    moved = lowest < begin;
    begin = lowest;
  }
  return begin;
}

/** What every store must do with documents that are made of several records. */
export function describeBundles(tested: StoreTested): void {
  const notes = async () => (await all(tested.store.byTime())).map(({ value }) => value.note).sort();
  const positions = (): StorePositions => {
    const found = tested.store.positions;
    if (found === undefined) throw new Error('The store tells no positions');
    return found;
  };
  const wholeFrom = (...starts: readonly (readonly [number, number])[]) =>
    positions().wholeFrom?.(starts.map(([partition, offset]) => ({ origin, partition, offset })));

  describe('documents made of several records', () => {
    it('are replaced by those of the same records, and kept beside those of others', async () => {
      for (let i = 0; i < 2; i++) {
        await tested.store.write([
          madeOf(range(0, 3), `a${i}`),
          madeOf(range(3, 6), `b${i}`),
          sale(1, 'single', 1),
        ]);
        expect(await notes()).toEqual([`a${i}`, `b${i}`, 'single@1']);
      }
      expect(await tested.store.count()).toBe(3);
    });

    it('go when each of their records is in another, and not before', async () => {
      await tested.store.write([madeOf(range(0, 5), 'a'), madeOf(range(5, 10), 'b')]);
      await tested.store.write([madeOf(range(0, 3), 'c')]);
      expect(await notes()).toEqual(['a', 'b', 'c']);
      await tested.store.write([madeOf(range(3, 8), 'd')]);
      expect(await notes()).toEqual(['b', 'c', 'd']);
      await tested.store.write([madeOf(range(8, 12), 'e')]);
      expect(await notes()).toEqual(['c', 'd', 'e']);
      expect(await all(tested.store.by('customer', 'a'))).toEqual([]);
    });

    it('go with all that was made of the same records', async () => {
      const parts = (from: number, to: number, name: string) =>
        range(0, 4).map((_, i) => madeOf(range(from, to), `${name}${i}`, `.${i}`));
      await tested.store.write(parts(0, 4, 'a'));
      expect(await notes()).toEqual(['a0', 'a1', 'a2', 'a3']);
      await tested.store.write([madeOf(range(0, 2), 'b0', '.0'), madeOf(range(0, 2), 'b1', '.1')]);
      await tested.store.write([madeOf(range(2, 6), 'c0', '.0')]);
      expect(await notes()).toEqual(['b0', 'b1', 'c0']);
      expect(await tested.store.count()).toBe(3);
    });

    it('leave alone those of other branches, of records between theirs, and of other parts of a record', async () => {
      const even = range(0, 10).filter(({ offset }) => offset % 2 === 0);
      const odd = range(0, 10).filter(({ offset }) => offset % 2 === 1);
      await tested.store.write([
        madeOf(even, 'even'),
        madeOf(odd, 'odd'),
        madeOf(range(0, 10), 'all', '', ':other'),
      ]);
      const part = (offset: number, step: number) => member(offset, { partition: 1, ordinal: `.${step}` });
      await tested.store.write([
        madeOf([part(0, 0), part(0, 1)], 'x'),
        madeOf([part(0, 2), part(1, 0)], 'y'),
      ]);
      expect(await notes()).toEqual(['all', 'even', 'odd', 'x', 'y']);
      await tested.store.write([madeOf([part(0, 1), part(0, 2)], 'z')]);
      expect(await notes()).toEqual(['all', 'even', 'odd', 'x', 'y', 'z']);
      await tested.store.write([
        madeOf([part(0, 0)], 'w'),
        madeOf([part(1, 0)], 'v'),
        madeOf(range(0, 10), 'rest'),
      ]);
      expect(await notes()).toEqual(['all', 'rest', 'v', 'w', 'z']);
    });

    it('hold each copy of a record once, whichever copies are together', async () => {
      const copy = (offset: number, number: number) =>
        member(offset, number === 0 ? {} : { ordinal: `.999999999.${number}` });
      const everyCopy = [0, 1, 2, 3].flatMap(offset => [0, 1, 2].map(number => copy(offset, number)));
      const groupings = fc.array(fc.array(fc.nat(3), { minLength: 12, maxLength: 12 }), {
        minLength: 1,
        maxLength: 4,
      });
      await fc.assert(
        fc.asyncProperty(groupings, async grouped => {
          await tested.start();
          for (const groups of grouped) {
            for (const group of new Set(groups)) {
              const members = everyCopy.filter((_, i) => groups[i] === group);
              await tested.store.write([
                madeOf(members, members.map(m => `${m.offset}${m.ordinal}`).join(',')),
              ]);
            }
          }
          const found = (await notes()).flatMap(note => note.split(','));
          expect(found.sort()).toEqual(everyCopy.map(m => `${m.offset}${m.ordinal}`).sort());
          for (let start = 0; start <= 4; start++)
            expect(wholeFrom([0, start])).toEqual([beginOf(everyCopy, grouped, start)]);
        }),
        { numRuns: 30 },
      );
    }, 60_000);

    it('say where to begin so that none of them is cut in two', async () => {
      const both = [...range(10, 12), ...range(4, 6, { partition: 1 })];
      await tested.store.write([madeOf(range(0, 5), 'a'), madeOf(range(5, 10), 'b'), madeOf(both, 'c')]);
      expect(wholeFrom([0, 0], [1, 0])).toEqual([0, 0]);
      expect(wholeFrom([0, 5])).toEqual([5]);
      expect(wholeFrom([0, 7])).toEqual([5]);
      expect(wholeFrom([0, 12], [1, 6])).toEqual([12, 6]);
      expect(wholeFrom([0, 12], [1, 5])).toEqual([10, 4]);
      expect(wholeFrom([0, 11])).toEqual([10]);
      expect(wholeFrom([2, 3])).toEqual([3]);
      // What went to another bundle cuts nothing of the one that had it.
      await tested.store.write([madeOf(range(30, 32), 'e'), madeOf(range(31, 33), 'f')]);
      expect(wholeFrom([0, 31])).toEqual([31]);
      expect(wholeFrom([0, 32])).toEqual([31]);
      // One below the other.
      await tested.store.write([madeOf([member(6), member(11), member(20)], 'd', '', ':other')]);
      expect(wholeFrom([0, 20])).toEqual([5]);
    });

    it('begin no higher than where they were begun below, until what was to be brought again is noted', async () => {
      const begin = (offset: number, instead: number) =>
        positions().beginBelow?.([{ origin, partition: 0, offset, instead }]);
      const advance = (offset: number) => positions().advance([{ origin, partition: 0, offset }]);
      await tested.store.write([madeOf(range(0, 2), 'a'), madeOf(range(2, 4), 'b')]);
      await advance(4);
      await begin(2, 4);
      expect(wholeFrom([0, 4], [1, 4])).toEqual([2, 4]);
      expect(wholeFrom([0, 3])).toEqual([2]);
      expect(wholeFrom([0, 1])).toEqual([0]);
      await advance(3);
      expect(wholeFrom([0, 4])).toEqual([2]);
      // Once more, from another place: all of it is still to be brought.
      await begin(3, 6);
      await advance(5);
      expect(wholeFrom([0, 5])).toEqual([2]);
      await tested.store.close();
      await tested.store.open();
      expect(wholeFrom([0, 5])).toEqual([2]);
      await advance(6);
      expect(wholeFrom([0, 6])).toEqual([6]);
      await begin(2, 6);
      await positions().reincarnate([{ origin, partition: 0, offset: 6 }]);
      expect(wholeFrom([0, 6])).toEqual([6]);
    });

    it('stay at a reset that cuts through them, and go with one that does not', async () => {
      await tested.store.write([
        madeOf(range(0, 5), 'a'),
        madeOf(range(5, 10), 'b'),
        madeOf(range(10, 15), 'c'),
      ]);
      await positions().reincarnate([{ origin, partition: 0, offset: 7 }]);
      expect(await notes()).toEqual(['a', 'b']);
      expect(wholeFrom([0, 7])).toEqual([5]);
      await tested.store.write([madeOf(range(5, 20), 'd')]);
      expect(await notes()).toEqual(['a', 'd']);
      await positions().reincarnate([{ origin, partition: 0, offset: 5 }]);
      expect(await notes()).toEqual(['a']);
      await tested.store.write([madeOf(range(5, 20), 'd')]);
      expect(await notes()).toEqual(['a', 'd']);
    });

    it('hold each record once, however they were grouped before', async () => {
      const cuts = fc.array(fc.nat(3), { minLength: 1, maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(cuts, fc.nat(11)), { minLength: 1, maxLength: 5 }), async runs => {
          await tested.start();
          let committed = 0;
          for (const [groups, crash] of runs) {
            // From where it is whole, each record into the batch that the run gives it; the last runs go to the end.
            const [start = 0] = wholeFrom([0, committed]) ?? [];
            const batches = new Map<number, DocumentMember[]>();
            for (let offset = start; offset < 12; offset++) {
              const group = (groups[offset % groups.length] ?? 0) * 4 + Math.floor(offset / 4);
              batches.set(group, [...(batches.get(group) ?? []), member(offset)]);
            }
            const written = [...batches.values()].slice(0, 1 + (crash % batches.size));
            for (const members of written)
              await tested.store.write([madeOf(members, members.map(m => m.offset).join(','))]);
            const done = new Set(written.flat().map(({ offset }) => offset));
            let watermark = start;
            while (done.has(watermark)) watermark++;
            // A commit anywhere up to the watermark.
            committed = Math.max(committed, Math.min(watermark, crash));
          }
          const [start = 0] = wholeFrom([0, committed]) ?? [];
          if (start < 12)
            await tested.store.write([
              madeOf(
                range(start, 12),
                range(start, 12)
                  .map(m => m.offset)
                  .join(','),
              ),
            ]);
          const found = (await notes()).flatMap(note => note.split(',').map(Number)).sort((a, b) => a - b);
          expect(found).toEqual(range(0, 12).map(({ offset }) => offset));
        }),
        { numRuns: 60 },
      );
    }, 60_000);
  });

  describe('documents with ids of their own', () => {
    it('replace each other, whatever records they are made of, and are found by them', async () => {
      await tested.start({ id: ({ customer }) => customer, by: { note: ({ note }) => note } });
      await tested.store.write([sale(0, 'ann', 1), sale(1, 'bob', 2), { ...madeOf(range(2, 5), 'cid') }]);
      await tested.store.write([sale(7, 'ann', 3, { partition: 3, sink: 'b' })]);
      expect((await all(tested.store.byTime())).map(({ id }) => id).sort()).toEqual(['ann', 'bob', 'cid']);
      expect((await tested.store.get('ann'))?.value.note).toBe('ann@3');
      expect(await all(tested.store.by('note', 'ann@1'))).toEqual([]);
      expect(await tested.store.get('dan')).toBeUndefined();
      await positions().reincarnate([{ origin, partition: 0, offset: 0 }]);
      expect(await tested.store.count()).toBe(3);
    });

    it('take no tombstone: it would be kept as a document, and deletes none', async () => {
      // What a sink of nullable values hands over.
      const tombstone = { ...sale(5, 'ann', 1), value: null as never };
      await tested.start({ id: (value: Sale | null) => value?.customer ?? 'ann' });
      await tested.store.write([sale(0, 'ann', 1)]);
      await expect(tested.store.write([tombstone])).rejects.toMatchObject({
        code: 'STORE',
        at: { offset: 5 },
        message: expect.stringContaining('tombstone'),
        remedy: expect.stringContaining('filterValue'),
      });
      expect((await tested.store.get('ann'))?.value.note).toBe('ann@1');
    });

    it.each([undefined, '', 7, null])('are refused where they are no text: %p', async id => {
      // What a program without types may give.
      await tested.start({ id: () => id as unknown as string });
      await expect(tested.store.write([sale(4, 'ann', 1)])).rejects.toMatchObject({
        code: 'STORE',
        at: { offset: 4 },
      });
    });
  });
}
