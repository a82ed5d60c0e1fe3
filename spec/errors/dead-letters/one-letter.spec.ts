/** A record that is made into several parts fails at a node once, however many of its parts do. */

import * as t from 'io-ts';
import { type App, json, readDeadLetter, replayHeaders } from 'kafka-rx';
import { batch, flatMapValue, mapAsync, mapValue, through } from 'kafka-rx/operators';
import { type TestApp, testApp } from 'kafka-rx/testing';
import { share } from 'rxjs';

const list = json(t.array(t.number));
const number = json(t.number);

function start(topology: (app: App) => void, limit?: { readonly perMinute: number }): Promise<TestApp> {
  return testApp(topology, {
    policies: { process: 'dead-letter', encode: 'dead-letter' },
    deadLetters: { topic: 'dead', limit },
    commit: { every: 1 },
  });
}

const no = (): never => {
  throw new Error('no');
};

const letters = (app: TestApp) =>
  app.broker.records('dead').flatMap(({ headers }) => {
    const told = readDeadLetter(headers);
    return told === undefined ? [] : [`${told.at.offset} ${told.node}`];
  });

describe('a record whose parts fail at a node is one letter', () => {
  const nodes: readonly (readonly [string, (app: App) => void])[] = [
    [
      'of a step',
      app =>
        parts(app)
          .pipe(mapValue(no, { name: 'bad' }))
          .subscribe(app.each(() => {})),
    ],
    [
      'of a step that waits',
      app =>
        parts(app)
          .pipe(mapAsync(async () => no(), { name: 'bad' }))
          .subscribe(app.each(() => {})),
    ],
    [
      'of what gathers them',
      app =>
        parts(app)
          .pipe(batch(no, { name: 'bad', maxRecords: 2 }))
          .subscribe(app.each(() => {})),
    ],
    ['of a sink', app => parts(app).subscribe(app.each(no, { name: 'bad' }))],
    [
      'of a sink that the stream goes through',
      app =>
        parts(app)
          .pipe(through(app.each(no, { name: 'bad' })))
          .subscribe(app.each(() => {})),
    ],
  ];
  const parts = (app: App) => app.topic('in', { value: list }).pipe(flatMapValue(value => value));

  test.each(nodes)('%s', async (_what, topology) => {
    const app = await start(topology);
    app.pipeIn('in', [{ value: [1, 2, 3] }, { value: [] }, { value: [4, 5] }]);
    await app.idle();
    await app.advance(1000);
    expect(letters(app)).toEqual(['0 bad', '2 bad']);
    expect(app.committed('in')).toEqual([3]);
    expect(app.metrics.value('kafka_rx_dead_letters_total')).toBe(2);
  });

  test('and one for each node at which they do', async () => {
    const app = await start(wired => {
      const shared = parts(wired).pipe(share());
      for (const name of ['left', 'right'])
        shared.pipe(mapValue(no, { name })).subscribe(wired.each(() => {}, { name: `${name} end` }));
    });
    app.pipeIn('in', [{ value: [1, 2] }]);
    await app.idle();
    expect(letters(app)).toEqual(['0 left', '0 right']);
  });

  test('a replay makes all parts again, once', async () => {
    let broken = true;
    const app = await start(wired =>
      parts(wired)
        .pipe(mapValue(value => (broken ? no() : value * 10), { name: 'bad' }))
        .subscribe(wired.to('out', { value: number })),
    );
    app.pipeIn('in', [{ value: [1, 2, 3] }]);
    await app.idle();
    broken = false;
    for (const letter of app.broker.records('dead')) {
      const told = readDeadLetter(letter.headers);
      app.pipeIn('in', [
        { value: [1, 2, 3], headers: replayHeaders([], { topic: 'dead', ...letter }, told, told?.at) },
      ]);
    }
    await app.idle();
    expect(app.read('out', { value: number }).map(({ value }) => value)).toEqual([10, 20, 30]);
  });

  test('which the limit counts as one', async () => {
    const app = await start(
      wired =>
        parts(wired)
          .pipe(mapValue(no, { name: 'bad' }))
          .subscribe(wired.each(() => {})),
      { perMinute: 1 },
    );
    app.pipeIn('in', [{ value: Array.from({ length: 101 }, (_, i) => i) }]);
    await app.idle();
    expect(app.committed('in')).toEqual([1]);
    expect(() => app.pipeIn('in', [{ value: [1] }])).toThrow(
      expect.objectContaining({ code: 'DEAD_LETTER_LIMIT', at: { topic: 'in', partition: 0, offset: 1 } }),
    );
  });
});
