import fc from 'fast-check';
import { type EpochStart, Lineage } from '../../lib/drivers/lineage.js';

/** A log as the leaders write it: the epoch of each record, by offset. */
type Log = readonly number[];

const startsOf = (log: Log, from: number): EpochStart[] =>
  log.flatMap((epoch, offset) => (offset >= from && epoch !== log[offset - 1] ? [{ epoch, offset }] : []));

/** What a broker answers whose log goes on from none of `epoch` up to `position`, as Kafka does; undefined where it does. */
function divergence(log: Log, epoch: number, position: number) {
  const last = log.findLastIndex(one => one <= epoch);
  if (last < 0) return undefined;
  const found = { epoch: log[last] ?? -1, endOffset: last + 1 };
  return found.epoch < epoch || found.endOffset < position ? found : undefined;
}

test('what was committed says of which leader the record before it is, whatever was read since', () => {
  const lineage = new Lineage();
  lineage.goOn(3);
  expect([lineage.before(0), lineage.before(50)]).toEqual([3, 3]);
  lineage.read([
    { epoch: 3, offset: 50 },
    { epoch: 5, offset: 60 },
  ]);
  expect([50, 60, 61, 100].map(offset => lineage.before(offset))).toEqual([3, 3, 5, 5]);
  lineage.goOn(undefined);
  expect(lineage.before(100)).toBeUndefined();
  lineage.read([{ epoch: -1, offset: 100 }]);
  expect(lineage.before(101)).toBeUndefined();
});

test('however a log was truncated and has grown, a reader ends up where both have the same past, and no further back', () => {
  const epochs = fc.array(fc.nat(2), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(epochs, fc.nat(30), epochs, fc.nat(30), (steps, cut, after, begin) => {
      let epoch = 0;
      const read = steps.map(step => (epoch += step));
      const common = Math.min(cut, read.length - 1);
      epoch++; // another leader
      const now = [...read.slice(0, common), ...after.map(step => (epoch += step))];
      const lineage = new Lineage();
      const from = Math.min(begin, common);
      lineage.goOn(from === 0 ? undefined : read[from - 1]);
      lineage.read(startsOf(read, from));
      let position = read.length;
      for (let round = 0; round < 40; round++) {
        const last = lineage.before(position);
        const found = last === undefined ? undefined : divergence(now, last, position);
        if (found === undefined) break;
        const to = lineage.commonWith(found, position);
        lineage.goOn(found.epoch);
        position = to;
      }
      expect(position).toBe(common === 0 ? Math.min(position, read.length) : common);
    }),
  );
});
