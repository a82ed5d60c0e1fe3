import { type AbortedTransaction, committedRecords, type FetchedRecord } from './committed-records.js';

const record = (offset: number, producerId: string, more: Partial<FetchedRecord> = {}): FetchedRecord => ({
  ...{ offset, timestamp: 0, producerId, inTransaction: true, isControl: false },
  ...{ key: null, value: Buffer.from(String(offset)), headers: {} },
  ...more,
});
const marker = (offset: number, producerId: string, type: 'abort' | 'commit'): FetchedRecord =>
  record(offset, producerId, { isControl: true, key: Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1]) });

const offsets = (records: readonly FetchedRecord[], aborted: readonly AbortedTransaction[]): number[] =>
  committedRecords(records, aborted).map(({ offset }) => offset);

test('records of committed transactions and of none come through, markers do not', () => {
  const log = [record(0, '1'), record(1, '-1', { inTransaction: false }), marker(2, '1', 'commit')];
  expect(offsets(log, [])).toEqual([0, 1]);
});

test('what a producer wrote before its abort is left out, what it wrote after is not', () => {
  const log = [record(0, '1'), marker(1, '1', 'abort'), record(2, '1'), marker(3, '1', 'commit')];
  expect(offsets(log, [{ producerId: '1', firstOffset: 0 }])).toEqual([2]);
});

test('a record outside of transactions is nobody’s to abort', () => {
  const log = [record(0, '1'), record(1, '1', { inTransaction: false }), marker(2, '1', 'abort')];
  expect(offsets(log, [{ producerId: '1', firstOffset: 0 }])).toEqual([1]);
});

test('several that begin before the answer does are all left out, in whatever order they are listed', () => {
  const log = [
    ...[record(10, '2'), record(11, '1'), record(12, '3'), record(13, '4')],
    ...[marker(14, '2', 'abort'), record(15, '2')],
  ];
  const aborted = [
    { producerId: '4', firstOffset: 13 },
    { producerId: '1', firstOffset: 3 },
    { producerId: '2', firstOffset: 4 },
  ];
  expect(offsets(log, aborted)).toEqual([12, 15]);
});

test('a key of four zeros is no marker', () => {
  const log = [record(0, '1', { key: Buffer.alloc(4) }), record(1, '1'), marker(2, '1', 'abort')];
  expect(offsets(log, [{ producerId: '1', firstOffset: 0 }])).toEqual([]);
});
