/** The watch by made-up sights, one look at each partition every 100 ms. */
import type { Place } from './evidence.js';
import { type Sight, WholeWatch } from './whole-watch.js';

const topics = ['patterns', 'rewards', 'purchases'] as const;
const source: Place = { partition: 0, offset: 3 };
const everyMs = 100;

interface Shown {
  /** From when on the output is visible; undefined: never. */
  readonly atMs: number | undefined;
  /** From when to when nobody answers for the topic. */
  readonly silent?: readonly [from: number, to: number];
  /** Until when an open transaction holds readers at 10; the log ends at 20. */
  readonly heldUntilMs?: number;
  /** The reader has not got to the end until then. */
  readonly behindUntilMs?: number;
}

/** Looks at all topics until `untilMs`; what is not named is visible from the beginning. */
function watched(
  shown: Partial<Record<(typeof topics)[number], Shown>>,
  untilMs: number,
  heldBoundMs?: number,
) {
  const owed = topics.map(topic => ({ topic, partition: 0, sum: 0 }));
  const watch = new WholeWatch(() => owed, heldBoundMs);
  const told = new Set<string>();
  for (let atMs = 0; atMs <= untilMs; atMs += everyMs) {
    for (const topic of topics) {
      const { atMs: visibleMs, silent, heldUntilMs = 0, behindUntilMs = 0 } = shown[topic] ?? { atMs: 0 };
      if (silent !== undefined && atMs >= silent[0] && atMs < silent[1]) continue;
      const isNew = visibleMs !== undefined && atMs >= visibleMs && !told.has(topic);
      if (isNew) told.add(topic);
      const end = atMs < heldUntilMs ? 10 : 20;
      const sight: Sight = {
        ...{ topic, partition: 0, atMs, end, highWatermark: 20 },
        sources: isNew ? [source] : [],
        position: atMs < behindUntilMs ? end - 1 : end,
      };
      watch.saw(sight);
      // Of another partition of the topic: nothing follows from it.
      watch.saw({ ...sight, partition: 1, sources: [] });
    }
  }
  return watch.torn;
}

test('an input that is whole at once, or within 5 s, is not torn', () => {
  expect(watched({}, 20_000)).toEqual([]);
  expect(watched({ rewards: { atMs: 5_000 }, purchases: { atMs: 200 } }, 20_000)).toEqual([]);
});

test('an input that is torn for longer than 5 s is found, once, and with what it lacked', () => {
  expect(watched({ rewards: { atMs: 5_600 } }, 20_000)).toEqual([
    { source, missing: ['rewards'], heldMs: 5_100 },
  ]);
  expect(watched({ rewards: { atMs: undefined }, purchases: { atMs: undefined } }, 20_000)).toEqual([
    { source, missing: ['rewards', 'purchases'], heldMs: 5_100 },
  ]);
});

test('it is the first sight that counts, of whichever output', () => {
  const shown = { patterns: { atMs: 7_000 }, rewards: { atMs: 3_000 }, purchases: { atMs: 3_000 } };
  expect(watched(shown, 20_000)).toEqual([]);
  expect(watched({ ...shown, patterns: { atMs: 8_600 } }, 20_000)).toHaveLength(1);
});

test('time in which no broker answers is not held against the app', () => {
  expect(watched({ rewards: { atMs: 12_000, silent: [1_000, 11_000] } }, 20_000)).toEqual([]);
  expect(watched({ rewards: { atMs: 17_000, silent: [1_000, 11_000] } }, 20_000)).toHaveLength(1);
});

test('only a look that reached the end can miss an output', () => {
  expect(watched({ rewards: { atMs: 9_000, behindUntilMs: 9_000 } }, 20_000)).toEqual([]);
});

test('readers that an open transaction holds count as any others, but where a run that kills says so', () => {
  const held = { rewards: { atMs: 9_000, heldUntilMs: 9_000 } };
  expect(watched(held, 30_000)).toHaveLength(1);
  expect(watched(held, 30_000, 14_000)).toEqual([]);
  expect(watched({ rewards: { atMs: undefined, heldUntilMs: 9_000 } }, 30_000, 20_000)).toEqual([
    { source, missing: ['rewards'], heldMs: 14_000 },
  ]);
  expect(watched({ rewards: { atMs: 29_000, heldUntilMs: 29_000 } }, 30_000, 20_000)).toHaveLength(1);
});

test('a repeat of a whole input begins no second wait', () => {
  const watch = new WholeWatch(() => [
    { topic: 'a', partition: 0, sum: 0 },
    { topic: 'b', partition: 0, sum: 0 },
  ]);
  const see = (topic: string, atMs: number, sources: readonly Place[]) =>
    watch.saw({ topic, partition: 0, atMs, sources, position: 1, end: 1, highWatermark: 1 });
  see('a', 0, [source]);
  see('b', 0, [source]);
  for (let atMs = 100; atMs < 20_000; atMs += 100) {
    see('a', atMs, atMs === 1_000 ? [source] : []);
    see('b', atMs, []);
  }
  expect(watch.torn).toEqual([]);
});
