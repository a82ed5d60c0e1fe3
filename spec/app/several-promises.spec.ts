/** Several promises where values belong: one is refused, and none of the others may end the process by its rejection. */
import { type App, memoryStore, string } from 'kafka-rx';
import { batch, flatMapValue, mapAsync, mapValue, peek } from 'kafka-rx/operators';
import { Subject, takeUntil } from 'rxjs';
import { Members } from './members.js';

/** Promises that reject, and how many of them somebody has listened to. */
class Rejecting {
  made = 0;
  readonly #heard = new Set<unknown>();

  get heard(): number {
    return this.#heard.size;
  }

  readonly make = (): never => {
    const promise = Promise.reject(new Error('late'));
    // For this test's own process.
    promise.catch(() => {});
    this.made++;
    const hear = () => void this.#heard.add(promise);
    Object.defineProperty(promise, 'then', {
      value(resolved: never, rejected: never) {
        if (typeof rejected === 'function') hear();
        return Promise.prototype.then.call(promise, resolved, rejected);
      },
    });
    // It stands where a value belongs, as in JavaScript.
    return promise as never;
  };
}

const value = string;
const texts = (app: App) => app.topic('in', { value });

type Case = readonly [what: string, promises: number, wire: (app: App, later: () => never) => unknown];
const dropped: readonly Case[] = [
  [
    'flatMapValue: a list',
    2,
    (app, later) =>
      texts(app)
        .pipe(flatMapValue(() => [later(), later()]))
        .subscribe(app.each(() => {})),
  ],
  [
    'flatMapValue: behind values',
    2,
    (app, later) =>
      texts(app)
        .pipe(flatMapValue(() => ['a', later(), later()]))
        .subscribe(app.each(() => {})),
  ],
  [
    'flatMapValue: a Set',
    2,
    (app, later) =>
      texts(app)
        .pipe(flatMapValue(() => new Set([later(), later()])))
        .subscribe(app.each(() => {})),
  ],
  [
    'flatMapValue: an iterator',
    2,
    (app, later) =>
      texts(app)
        .pipe(flatMapValue(() => [later(), later()].values()))
        .subscribe(app.each(() => {})),
  ],
  [
    'mapValue: a list',
    2,
    (app, later) =>
      texts(app)
        .pipe(mapValue(() => [later(), later()]))
        .subscribe(app.each(() => {})),
  ],
  [
    'peek: a list',
    2,
    (app, later) =>
      texts(app)
        .pipe(peek(() => [later(), later()]))
        .subscribe(app.each(() => {})),
  ],
  [
    'batch: a list',
    2,
    (app, later) =>
      texts(app)
        .pipe(batch(() => [later(), later()], { maxRecords: 1 }))
        .subscribe(app.each(() => {})),
  ],
  [
    'mapAsync: a list',
    2,
    (app, later) =>
      texts(app)
        .pipe(mapAsync(() => [later(), later()]))
        .subscribe(app.each(() => {})),
  ],
  [
    'mapAsync: a promise of a list',
    2,
    (app, later) =>
      texts(app)
        .pipe(mapAsync(async () => ['a', later(), later()]))
        .subscribe(app.each(() => {})),
  ],
  ['each: a list', 2, (app, later) => texts(app).subscribe(app.each(() => ['a', later(), later()]))],
  [
    'each: a promise of a list',
    2,
    (app, later) => texts(app).subscribe(app.each(async () => [later(), later()])),
  ],
  [
    'decode: key and value',
    2,
    (app, later) => {
      const codec = { ...value, decode: later };
      app.topic('in', { key: codec, value: codec }).subscribe(app.each(() => {}));
    },
  ],
  [
    'decode: the key, and the value throws',
    1,
    (app, later) => {
      const throws = () => {
        throw new Error('no');
      };
      app
        .topic('in', {
          key: { ...value, decode: later },
          value: { ...value, decode: throws },
        })
        .subscribe(app.each(() => {}));
    },
  ],
  [
    'encode: key, value, timestamp and headers',
    5,
    (app, later) => {
      const codec = { ...value, encode: later };
      texts(app).subscribe(
        app.to('out', {
          keyBy: () => 'k',
          key: codec,
          value: codec,
          timestamp: later,
          headers: () => [{ key: later(), value: later() }],
        }),
      );
    },
  ],
  [
    'encode: two headers',
    2,
    (app, later) =>
      texts(app).subscribe(
        app.to('out', {
          value,
          headers: () => [
            { key: 'a', value: later() },
            { key: 'b', value: later() },
          ],
        }),
      ),
  ],
  [
    'encode: the key, and the headers throw',
    1,
    (app, later) => {
      const headers = () => {
        throw new Error('no');
      };
      texts(app).subscribe(
        app.to('out', {
          keyBy: () => 'k',
          key: { ...value, encode: later },
          value,
          headers,
        }),
      );
    },
  ],
  [
    'a partition: a list',
    2,
    (app, later) =>
      texts(app).subscribe(app.to('out', { value, partition: () => [later(), later()] as never })),
  ],
  [
    'a key: a list',
    2,
    (app, later) => texts(app).subscribe(app.to('out', { value, keyBy: () => [later(), later()] as never })),
  ],
  ['time of a store', 1, (app, later) => texts(app).subscribe(app.store(memoryStore('s', { time: later })))],
  [
    'index of a store',
    1,
    (app, later) => texts(app).subscribe(app.store(memoryStore('s', { by: { a: later } }))),
  ],
  ['id of a store', 1, (app, later) => texts(app).subscribe(app.store(memoryStore('s', { id: later })))],
];

test.each(dropped)('%s', async (_what, promises, wire) => {
  const members = new Members({ in: 1, out: 1 });
  const rejecting = new Rejecting();
  const skip = { decode: 'skip', encode: 'skip', process: 'skip', store: 'skip' } as const;
  const member = members.start(app => void wire(app, rejecting.make), { policies: skip });
  members.publish('in', 'a');
  await members.settle();
  await members.pass(2000);
  expect([rejecting.made, rejecting.heard]).toEqual([promises, promises]);
  expect([member.outcome, members.committed('in'), members.values('out')]).toEqual(['running', [1], []]);
});

test.each(dropped)('with fail nothing is committed: %s', async (_what, _promises, wire) => {
  const members = new Members({ in: 1, out: 1 });
  const member = members.start(app => void wire(app, new Rejecting().make));
  members.publish('in', 'a');
  await members.settle();
  await members.pass(2000);
  expect(member.outcome).toMatchObject({ at: { offset: 0 } });
  expect(members.committed('in')).toEqual([-1]);
});

test('mapAsync whose function has ended its own stream', async () => {
  const members = new Members({ in: 1, out: 1 });
  const rejecting = new Rejecting();
  const member = members.start(app => {
    const stop = new Subject<void>();
    const end = () => {
      stop.next();
      return rejecting.make();
    };
    texts(app)
      .pipe(mapAsync(end), takeUntil(stop))
      .subscribe(app.to('out', { value, mayEnd: true }));
    texts(app).subscribe(app.each(() => {}));
  });
  members.publish('in', 'a');
  await members.settle();
  await members.pass(2000);
  expect([rejecting.heard, member.outcome]).toEqual([1, 'running']);
});

test('two batches that a codec cannot prepare', async () => {
  const members = new Members({ in: 1 });
  const unhandled: unknown[] = [];
  const hear = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', hear);
  const prepare = () => Promise.reject(new Error('no registry'));
  const member = members.start(app =>
    app
      .topic('in', {
        key: { ...value, prepare },
        value: {
          ...value,
          prepare: () => {
            throw new Error('no');
          },
        },
      })
      .subscribe(app.each(() => {})),
  );
  members.publish('in', 'a');
  await members.settle();
  members.publish('in', 'b');
  await members.pass(2000);
  await new Promise(resolve => setTimeout(resolve, 10));
  process.off('unhandledRejection', hear);
  expect(member.outcome).toMatchObject({ code: 'DECODE' });
  expect(unhandled).toEqual([]);
});
