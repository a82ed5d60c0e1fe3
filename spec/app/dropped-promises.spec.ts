/** A promise in what was refused, or thrown: the policy deals with its record, and its rejection does not end the process. */
import * as t from 'io-ts';
import { type App, json, type KafkaRecord, type MemoryStore, memoryStore, retry, string } from 'kafka-rx';
import {
  batch,
  branch,
  filterValue,
  flatMapValue,
  mapAsync,
  mapRecord,
  mapValue,
  mask,
  peek,
  through,
} from 'kafka-rx/operators';
import { testApp } from 'kafka-rx/testing';
import { map, mergeMap, type Observable, type OperatorFunction } from 'rxjs';

const unheard: unknown[] = [];
const hear = (reason: unknown) => unheard.push(reason);
beforeAll(() => process.on('unhandledRejection', hear));
afterAll(() => process.off('unhandledRejection', hear));

const reject = async (): Promise<never> => {
  throw new Error('late');
};
const P = t.type({ e: t.string });

function writing(value: () => unknown, as: t.Mixed = t.unknown): (app: App) => unknown {
  return app =>
    app
      .topic('in', { value: string })
      .pipe(mapValue(() => value() as never))
      .subscribe(app.to('out', { value: json(as) as never, onEncodeError: 'skip' }));
}

function throwing(thrown: () => unknown): (app: App) => unknown {
  const fails = (): string => {
    throw thrown();
  };
  return app =>
    app
      .topic('in', { value: string })
      .pipe(mapValue(fails, { onError: 'skip' }))
      .subscribe(app.each(() => {}));
}

const no = (): never => {
  throw new Error('no');
};

type Records = OperatorFunction<KafkaRecord, KafkaRecord>;

function storing(store: MemoryStore<unknown>, above: Records = map(record => record)) {
  return (app: App): unknown =>
    app
      .topic('in', { value: json(P) })
      .pipe(
        mapValue(value => ({ ...value, user: reject(), more: [{ a: reject() }] })),
        above,
      )
      .subscribe(app.store(store, { onStoreError: 'skip' }));
}

test.each<[string, (app: App) => unknown]>([
  [
    'in a document with a field that is masked elsewhere',
    app => {
      app
        .topic('in', { value: json(P) })
        .pipe(mask('e'))
        .subscribe(app.each(() => {}));
      return storing(memoryStore('s'))(app);
    },
  ],
  [
    'in a document that its codec throws on',
    storing(memoryStore('s', { value: { ...string, encode: no } as never })),
  ],
  ['in a document of which there is no time', storing(memoryStore('s', { time: no }))],
  ['in a document that cannot be filed', storing(memoryStore('s', { by: { a: no } }))],
  ['in a document without an id', storing(memoryStore('s', { id: no }))],
  ['in a document that is not written', storing({ ...memoryStore<unknown>('s'), write: no })],
  ['in a document whose write rejects', storing({ ...memoryStore<unknown>('s'), write: async () => no() })],
  [
    'in documents written in one go',
    storing(
      memoryStore('s', { time: no }),
      mergeMap(record => [record, record]),
    ),
  ],
])('a promise %s, refused by a store', async (_what, wire) => {
  unheard.length = 0;
  const t = await testApp(wire, { policies: { encode: 'skip' } });
  t.pipeIn('in', [{ value: { e: '4111111111111111' } }]);
  await t.advance(2000);
  await new Promise(resolve => setTimeout(resolve, 5));
  expect(unheard).toEqual([]);
  expect(t.committed('in')).toEqual([1]);
});

test.each<[string, (app: App) => unknown]>([
  ['a promise in a field', writing(() => ({ user: reject() }))],
  ['others beside it', writing(() => ({ user: reject(), more: [{ a: reject() }, reject()] }))],
  ['a promise beside something else that is refused', writing(() => ({ a: () => {}, user: reject() }))],
  ['a promise in what is not of the type', writing(() => ({ e: 1, user: reject() }), P)],
  [
    'a promise of an accessor',
    writing(() => ({
      get user() {
        return reject();
      },
    })),
  ],
  ['an asynchronous toJSON', writing(() => ({ user: { toJSON: reject } }))],
  [
    'a promise in a codec of somebody else',
    app =>
      app
        .topic('in', { value: string })
        .pipe(mapValue(() => ({ a: reject() })))
        .subscribe(
          app.to('out', {
            value: {
              ...string,
              encode: () => {
                throw new Error('no');
              },
            } as never,
            onEncodeError: 'skip',
          }),
        ),
  ],
  [
    'an asynchronous pattern',
    app =>
      app
        .topic('in', { value: json(P) })
        .pipe(mask('e', { pattern: reject as never, onError: 'skip' }))
        .subscribe(app.to('out', { value: json(P) as never })),
  ],
  ['a promise that is thrown', throwing(reject)],
  ['a promise as the cause of what is thrown', throwing(() => new Error('x', { cause: reject() }))],
  ['promises that are thrown in a list', throwing(() => [reject()])],
])('%s', async (_what, wire) => {
  unheard.length = 0;
  const t = await testApp(wire);
  t.pipeIn('in', [{ value: { e: 'x' } }]);
  await t.advance(2000);
  await new Promise(resolve => setTimeout(resolve, 5));
  expect(unheard).toEqual([]);
  expect(t.committed('in')).toEqual([1]);
});

const retrying = retry({ attempts: 2, initialDelayMs: 50, otherwise: 'skip' });
test.each<[string, (app: App, records: Observable<KafkaRecord>) => Observable<unknown>]>([
  ['filterValue', (_, records) => records.pipe(filterValue(no))],
  ['flatMapValue', (_, records) => records.pipe(flatMapValue(no))],
  ['mapRecord', (_, records) => records.pipe(mapRecord(no))],
  ['mapValue', (_, records) => records.pipe(mapValue(no))],
  ['peek', (_, records) => records.pipe(peek(no))],
  ['branch', (_, records) => branch(records, { a: no }).otherwise],
  ['batch', (_, records) => records.pipe(batch(no, { maxRecords: 1 }))],
  ['mapAsync', (_, records) => records.pipe(mapAsync(no))],
  ['mapAsync, after a retry', (_, records) => records.pipe(mapAsync(no, { onError: retrying }))],
  ['app.each', (app, records) => records.pipe(through(app.each(no)))],
  ['app.each, after a retry', (app, records) => records.pipe(through(app.each(no, { onError: retrying })))],
])('a promise in a value on which the function of %s throws', async (_what, operator) => {
  unheard.length = 0;
  const t = await testApp(
    app => {
      const records = app.topic('in', { value: json(P) }).pipe(mapValue(() => ({ user: reject() })));
      operator(app, records).subscribe(app.each(() => {}) as never);
    },
    { policies: { process: 'skip' } },
  );
  t.pipeIn('in', [{ value: { e: 'x' } }]);
  await new Promise(resolve => setTimeout(resolve, 5));
  await t.advance(2000);
  expect(unheard).toEqual([]);
  expect(t.committed('in')).toEqual([1]);
});
