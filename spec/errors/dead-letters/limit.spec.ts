import { string } from 'kafka-rx';
import { mapAsync } from 'kafka-rx/operators';
import { type TestApp, testApp } from 'kafka-rx/testing';
import { LetterLimit } from '../../../lib/errors/dead-letters/limit.js';
import type { DeadLetterLimit } from '../../../lib/errors/dead-letters/options.js';
import { copyingGood } from '../../app/copying-good.js';

const minute = 60_000;

describe('a share of the window', () => {
  const limit = (): LetterLimit => new LetterLimit({ share: 0.1, windowMs: minute, minimum: 5 });

  test('is kept up to the share and the minimum, and exceeded by the next', () => {
    const few = limit();
    expect(Array.from({ length: 6 }, () => few.exceededBy(0, 6) === undefined)).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
    ]);
    const many = limit();
    for (let i = 0; i < 10; i++) expect(many.exceededBy(0, 100)).toBeUndefined();
    expect(many.exceededBy(0, 100)).toBe(
      '11 dead letters for 100 records within 60 s, above the limit of 5 and 10 %',
    );
  });

  test('counts what was handed out since the last look', () => {
    const counted = limit();
    for (let i = 0; i < 10; i++) expect(counted.exceededBy(0, 100)).toBeUndefined();
    expect(counted.exceededBy(0, 110)).toBeUndefined();
    expect(counted.exceededBy(0, 110)).toBeDefined();
  });

  test('forgets what is older than the window, records and dead letters alike', () => {
    const sliding = limit();
    for (let i = 0; i < 10; i++) sliding.exceededBy(0, 1000);
    sliding.consumed(minute - 1000, 1000);
    // Still 1,000 records: 10 letters are 1 %, and 90 more are kept.
    for (let i = 0; i < 90; i++) expect(sliding.exceededBy(minute - 1000, 1000)).toBeUndefined();
    expect(sliding.exceededBy(minute - 1000, 1000)).toBeDefined();
    const later = limit();
    later.consumed(0, 1000);
    for (let i = 0; i < 5; i++) expect(later.exceededBy(minute + 1, 1005)).toBeUndefined();
    expect(later.exceededBy(minute + 1, 1006)).toMatch(/^6 dead letters for 6 records/);
    for (let i = 0; i < 5; i++) expect(later.exceededBy(10 * minute, 1010)).toBeUndefined();
  });
});

test('a number a minute is exceeded by the next, whatever the records, and not an hour later', () => {
  const limit = new LetterLimit({ perMinute: 2 });
  const kept = [0, 1, 2].map(at => limit.exceededBy(at, 1_000_000) === undefined);
  expect(kept).toEqual([true, true, false]);
  expect(limit.exceededBy(60 * minute, 1_000_000)).toBeUndefined();
});

const value = string;

const topology = copyingGood('out', text => text === 'bad');

function start(limit?: DeadLetterLimit): Promise<TestApp> {
  const options = { policies: { process: 'dead-letter' }, commit: { every: 1 } } as const;
  return testApp(topology, { ...options, deadLetters: { topic: 'dead', limit } });
}

const texts = (good: number, bad: number) =>
  Array.from({ length: good + bad }, (_, i) => ({ value: i < good ? 'good' : 'bad' }));

test('an app whose input is broken stops at the limit: the record that exceeded it stays uncommitted, and is no letter', async () => {
  const t = await start();
  expect(() => t.pipeIn('in', texts(0, 200))).toThrow(
    expect.objectContaining({
      code: 'DEAD_LETTER_LIMIT',
      at: { topic: 'in', partition: 0, offset: 100 },
      message: expect.stringMatching(
        /^101 dead letters for 101 records within 60 s.*PROCESS.*at the last commit.*limit in createApp$/,
      ),
    }),
  );
  await t.stop().catch(() => {});
  expect([t.broker.records('dead').length, t.committed('in')]).toEqual([100, [100]]);
});

test('nor is the record committed whose work failed long after it was handed out', async () => {
  const t = await testApp(
    app =>
      app
        .topic('in', { value })
        .pipe(mapAsync(text => (text === 'bad' ? Promise.reject(new Error(text)) : Promise.resolve(text))))
        .subscribe(app.to('out', { value })),
    {
      ...{ policies: { process: 'dead-letter' }, commit: { every: 1 } },
      deadLetters: { topic: 'dead', limit: { perMinute: 0 } },
    },
  );
  t.pipeIn('in', [{ value: 'good' }, { value: 'bad' }, { value: 'good' }]);
  await t.idle();
  await expect(t.stop()).rejects.toMatchObject({ code: 'DEAD_LETTER_LIMIT', at: { offset: 1 } });
  expect(t.committed('in')).toEqual([1]);
});

test('where slower work lies below, what is committed and the remedy both end there', async () => {
  const t = await testApp(
    app =>
      app
        .topic('in', { value })
        .pipe(
          mapAsync(text => {
            if (text === 'slow') return new Promise<string>(() => {});
            return text === 'bad' ? Promise.reject(new Error(text)) : Promise.resolve(text);
          }),
        )
        .subscribe(app.to('out', { value })),
    {
      ...{ policies: { process: 'dead-letter' }, commit: { every: 1 } },
      deadLetters: { topic: 'dead', limit: { perMinute: 1 } },
    },
  );
  t.pipeIn('in', [{ value: 'good' }, { value: 'slow' }, { value: 'bad' }, { value: 'bad' }]);
  await t.idle().catch(() => {});
  const stopped = await t.stop().catch((error: unknown) => error);
  expect(stopped).toMatchObject({
    code: 'DEAD_LETTER_LIMIT',
    at: { offset: 3 },
    message: expect.stringMatching(/goes on at the last commit, at this record or below: letters/),
  });
  expect([t.broker.records('dead').length, t.committed('in')]).toEqual([1, [1]]);
});

test('the same letters among many records are kept', async () => {
  const t = await start();
  t.pipeIn('in', texts(1800, 200));
  await t.idle();
  expect([t.broker.records('dead').length, t.committed('in')]).toEqual([200, [2000]]);
});

test('records of long ago do not make up for the letters of now', async () => {
  const t = await start();
  t.pipeIn('in', texts(5000, 0));
  await t.advance(2 * minute);
  expect(() => t.pipeIn('in', texts(0, 101))).toThrow(expect.objectContaining({ code: 'DEAD_LETTER_LIMIT' }));
});

test('letters of long ago do not count', async () => {
  const t = await start({ perMinute: 10 });
  for (let i = 0; i < 5; i++) {
    t.pipeIn('in', texts(0, 10));
    await t.advance(minute + 1000);
  }
  expect(t.broker.records('dead')).toHaveLength(50);
  expect(() => t.pipeIn('in', texts(0, 11))).toThrow(expect.objectContaining({ code: 'DEAD_LETTER_LIMIT' }));
});

test("'none' is no limit", async () => {
  const t = await start('none');
  t.pipeIn('in', texts(0, 300));
  expect(t.broker.records('dead')).toHaveLength(300);
});
