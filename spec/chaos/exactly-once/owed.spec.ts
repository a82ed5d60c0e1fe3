import { bytes, memoryStore } from 'kafka-rx';
import { testApp } from 'kafka-rx/testing';
import { historyOptions, purchases } from '../../../demos/purchases/topology.js';
import { idOf } from '../final-read.js';
import { purchase } from '../load-generator.js';
import { type Owing, owedFor, sumOf } from './owed.js';

const owing: Owing = { partitions: 3, letters: 'letters' };
const text = (id: string): string => {
  const [key = '', seq = ''] = id.split(':');
  return purchase(key, Number(seq));
};

test('what is owed is what the topology writes, and its id leads back to the input', async () => {
  const t = await testApp(app => void purchases(app, memoryStore('history', historyOptions)), {
    partitions: owing.partitions,
  });
  const ids = Array.from({ length: 60 }, (_, i) => `c${i % 20}:${Math.floor(i / 20)}`);
  t.pipeIn(
    'transactions',
    ids.map(id => ({ key: id, value: text(id) })),
  );
  await t.idle();
  for (const topic of ['patterns', 'rewards', 'purchases']) {
    const written = t.read(topic, { key: bytes, value: bytes });
    expect(written).toHaveLength(ids.length);
    expect(new Set(written.map(({ value }) => idOf(topic, value)))).toEqual(new Set(ids));
    for (const { partition, key, value } of written) {
      const owed = owedFor(Buffer.from(text(idOf(topic, value))), owing);
      expect(owed).toContainEqual({ topic, partition, sum: sumOf(key, value) });
    }
  }
  await t.stop();
});

test('a value that is no JSON becomes a letter, whose text is not foretold', () => {
  const poison = Buffer.from('no JSON');
  expect(owedFor(poison, owing)).toEqual([{ topic: 'letters', partition: undefined, sum: undefined }]);
  expect(() => owedFor(poison, { ...owing, letters: undefined })).toThrow('nobody said where');
});

test('key and value both count, the order of fields does not', () => {
  const sum = (key: string | null, value: string | null) =>
    sumOf(key === null ? null : Buffer.from(key), value === null ? null : Buffer.from(value));
  expect(sum('a', '{"x":1,"y":2}')).toBe(sum('a', '{"y":2,"x":1}'));
  const others = [sum('b', '{"x":1,"y":2}'), sum('a', '{"x":1,"y":3}'), sum('a', null), sum('a', 'no JSON')];
  expect(new Set([sum('a', '{"x":1,"y":2}'), ...others]).size).toBe(5);
});
