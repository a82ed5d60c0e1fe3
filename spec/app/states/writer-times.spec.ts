/** Whose stream time holds that of who reads an internal topic, by what the group has committed and how far the inputs go. */

import { WriterTimes } from '../../../lib/app/states/writer-times.js';
import type { CommittedText } from '../../../lib/drivers/port.js';
import { VirtualClock } from '../../../lib/testing/virtual-clock.js';

interface Topic {
  readonly ends: readonly number[];
  /** For readers of committed records, where that is another. */
  readonly stable?: readonly number[];
  readonly committed: readonly (readonly [offset: number, time?: number])[];
}

const [nothing, endless] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];

/** The bounds that a task has which has read all of the internal topic `i`: by records, and where it goes on without any. */
async function boundsOf(
  topics: Readonly<Record<string, Topic>>,
  writers: readonly string[] = ['in'],
): Promise<{ readonly bound: number; readonly clockBound: number }> {
  const of = (name: string): Topic => topics[name] ?? { ends: [0], committed: [[-1]] };
  const times = new WriterTimes({
    groupId: 'group',
    startFrom: 'earliest',
    clock: new VirtualClock(),
    admin: () => ({
      commits: async (_group: string, name: string): Promise<readonly CommittedText[]> =>
        of(name).committed.map(([offset, time]) => ({
          offset,
          metadata: time === undefined ? 'kafka-rx.topic=x' : `kafka-rx.topic=x kafka-rx.time=${time}`,
        })),
      offsets: async (name: string, at: unknown, options) => {
        const { ends, stable = ends } = of(name);
        if (at !== 'latest') return ends.map(() => 0);
        return options?.readCommitted === true ? stable : ends;
      },
    }),
    failed: error => {
      throw error;
    },
  });
  times.wired(
    new Map([
      ['i', writers],
      ['hop', ['in']],
    ]),
  );
  await times.open('i/0');
  const bound = times.boundOf('i/0')?.() ?? Number.NaN;
  const clockBound = (await times.seen('i'))?.clockBound ?? Number.NaN;
  times.end();
  return { bound, clockBound };
}

async function boundOf(...of: Parameters<typeof boundsOf>): Promise<number> {
  return (await boundsOf(...of)).bound;
}

test('the least stream time of those that have more to read', async () => {
  const committed = [
    [3, 70],
    [4, 50],
    [5, 60],
    [9, 10],
  ] as const;
  expect(await boundOf({ in: { ends: [9, 9, 9, 9], committed } })).toBe(50);
});

test('of one that has more to read nobody knows how far it is', async () => {
  expect(await boundOf({ in: { ends: [9, 9], committed: [[3, 70], [4]] } })).toBe(nothing);
  expect(await boundOf({ in: { ends: [9, 9], committed: [[3, 70], [-1]] } })).toBe(nothing);
});

test('nobody holds it where all is read, or there is nothing', async () => {
  expect(await boundOf({ in: { ends: [9, 0], committed: [[9, 70], [-1]] } })).toBe(endless);
});

test('it counts behind all that they have written by then, also where its transaction has not ended in that partition yet', async () => {
  const input = {
    ends: [9, 9],
    committed: [
      [3, 70],
      [4, 50],
    ],
  } as const;
  const i = { ends: [10], stable: [0], committed: [[-1]] } as const;
  expect(await boundOf({ in: input, i })).toBe(nothing);
  expect(await boundOf({ in: input, i: { ...i, committed: [[10]] } })).toBe(50);
});

test('who writes alone holds nobody: what it writes comes in its order', async () => {
  expect(await boundOf({ in: { ends: [9], committed: [[3, 70]] } })).toBe(endless);
});

test('but who goes on without a record is held by it', async () => {
  expect((await boundsOf({ in: { ends: [9], committed: [[3, 70]] } })).clockBound).toBe(70);
  expect((await boundsOf({ in: { ends: [9], committed: [[9, 70]] } })).clockBound).toBe(endless);
});

test('who has read all of an internal topic holds those behind it as long as one that writes that has more to read', async () => {
  const hop = {
    ends: [4, 4],
    committed: [
      [4, 80],
      [4, 80],
    ],
  } as const;
  const behind = {
    ends: [9, 9],
    committed: [
      [3, 50],
      [9, 70],
    ],
  } as const;
  expect(await boundsOf({ in: behind, hop }, ['hop'])).toEqual({ bound: 50, clockBound: 50 });
  const alone = { ends: [9], committed: [[3, 50]] } as const;
  expect(await boundsOf({ in: alone, hop }, ['hop'])).toEqual({ bound: endless, clockBound: 50 });
});

test('a task of several inputs has read them when it has read each, and is as far as it says with any of them', async () => {
  const [a, b] = [
    {
      ends: [9, 9],
      committed: [
        [9, 40],
        [9, 80],
      ],
    },
    {
      ends: [9, 9],
      committed: [
        [5, 40],
        [9, 80],
      ],
    },
  ] as const;
  expect(await boundOf({ a, b }, ['a+b'])).toBe(40);
  expect(await boundOf({ a, b: a }, ['a+b'])).toBe(endless);
});

test('what reads no internal topic is never held', () => {
  const times = new WriterTimes({
    ...{ groupId: 'group', startFrom: 'earliest', clock: new VirtualClock() },
    admin: () => undefined,
    failed: () => {},
  });
  times.wired(new Map([['i', ['in']]]));
  expect([times.boundOf('in/0'), times.boundOf('other/0')]).toEqual([undefined, undefined]);
});
