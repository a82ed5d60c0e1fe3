/** What a plain operator before ours may hand on: a `map` that returned nothing, or that forgot to await. */
import { join } from 'node:path';
import {
  type App,
  commitInOrder,
  commitTo,
  createApp,
  isKafkaRxError,
  memoryStore,
  number,
  string,
} from 'kafka-rx';
import { memory } from 'kafka-rx/memory';
import {
  batch,
  branch,
  filterValue,
  flatMapValue,
  mapAsync,
  mapKey,
  mapRecord,
  mapValue,
  mask,
  mergeNamed,
  peek,
  project,
  share,
  through,
  tokenize,
} from 'kafka-rx/operators';
import { aggregate, cogroup, count, reduce, repartition, suppress, withState } from 'kafka-rx/state';
import { deliver, testApp, testRecord } from 'kafka-rx/testing';
import { config, map, type Observable, type Observer, of } from 'rxjs';
import { publicOperators, publicSinks } from '../layout/public-operators.js';

const repository = join(__dirname, '../..');

/** What it was handed is of no type that it takes, so none is named here. */
type Handed = (source: Observable<never>) => Observable<unknown>;

const app = (): App => createApp({ groupId: 'g', driver: memory() });
const consumer = { commit: async () => {} };
const key = Buffer.alloc(32);

const refusing: Readonly<Record<string, Handed>> = {
  batch: batch(records => records.length, { maxRecords: 1 }),
  branch: source => branch(source, { some: () => true })['some'],
  commitInOrder: commitInOrder(),
  commitTo: commitTo(consumer),
  deliver: source => deliver(source).records$,
  filterValue: filterValue(() => true),
  flatMapValue: flatMapValue(value => [value]),
  mapAsync: mapAsync(async value => value),
  mapKey: mapKey(() => 'key'),
  mapRecord: mapRecord(record => record),
  mapValue: mapValue(() => 1),
  mask: mask('card' as never),
  peek: peek(() => {}),
  project: project(() => 1),
  through: source => through(app().each(() => {}))(source),
  tokenize: tokenize('card' as never, { key }),
};

/** They look at nothing, and hand on what comes. */
const handingOn: Readonly<Record<string, Handed>> = {
  mergeNamed: source => mergeNamed('all', source),
  share: share(),
};

/** They are piped to streams of an app, in which their states lie. */
const ofStates: Readonly<Record<string, (app: App, source: Observable<never>) => Observable<unknown>>> = {
  aggregate: (app, source) => source.pipe(aggregate(numbers(app), { initial: () => 0, add: n => n })),
  cogroup: (app, source) =>
    cogroup(numbers(app), [[source as never, (n: number) => n]], { initial: () => 0 }),
  count: (app, source) => source.pipe(count(numbers(app))),
  reduce: (app, source) => source.pipe(reduce(numbers(app), n => n)),
  repartition: (app, source) =>
    source.pipe(repartition(app.internal('by', { key: string, value: string }), () => 'k')),
  suppress: (app, source) => source.pipe(suppress(numbers(app), { until: 'timeLimit', limitMs: 1 })),
  withState: (app, source) => source.pipe(withState(numbers(app), () => undefined)),
};
const numbers = (app: App) => app.state('numbers', { key: string, value: number });

const sinks: Readonly<Record<string, (app: App) => Partial<Observer<never>>>> = {
  each: app => app.each(() => {}, { name: 'sink' }),
  store: app => app.store(memoryStore<string>('s'), { name: 'sink' }),
  to: app => app.to('out', { value: string, name: 'sink' }),
};

const late = (): Promise<never> => Promise.reject(new Error('4111111111111111'));
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const things: readonly (readonly [string, () => unknown])[] = [
  ['undefined', () => undefined],
  ['null', () => null],
  ['a number', () => 4111111111111111],
  ['text', () => '4111111111111111'],
  ['a function', () => late],
  ['an object', () => ({})],
  ['an object', () => ({ value: '4111111111111111', topic: 't', partition: 0, offset: 0 })],
  ['an object', () => ({ value: late() })],
  ['an object', () => ({ kind: 'settled', lane: null, sequence: 0, offset: 0 })],
  ['an object that cannot be looked at', revoked],
  ['an array', () => []],
  ['an array', () => [late()]],
  ['a promise', late],
  ['an Observable', () => of(1)],
  ['a copy of a record', () => ({ ...testRecord({ value: '4111111111111111' }) })],
];

const unheard: unknown[] = [];
const note = (thrown: unknown): void => void unheard.push(thrown);
beforeEach(() => {
  unheard.length = 0;
  config.onUnhandledError = note;
  process.on('unhandledRejection', note);
});
afterEach(async () => {
  await new Promise(resolve => setTimeout(resolve, 5));
  config.onUnhandledError = null;
  process.off('unhandledRejection', note);
  expect(unheard).toEqual([]);
});

test('every operator and sink of ours is held to what follows', async () => {
  const held = [...Object.keys(refusing), ...Object.keys(handingOn), ...Object.keys(ofStates)].sort();
  expect(await publicOperators(repository)).toEqual(held);
  // What is only looked at may be anything: app.watch hands it on to its function.
  expect(await publicSinks(repository)).toEqual([...Object.keys(sinks), 'watch'].sort());
});

describe.each(Object.entries(refusing))('%s errors, and says who was handed what:', (name, operator) => {
  test.each(things)('%s', async (what, make) => {
    const error = await new Promise(resolve =>
      operator(of(0).pipe(map(() => make() as never))).subscribe({
        error: resolve,
        complete: () => resolve('none'),
      }),
    );
    if (!isKafkaRxError(error, 'WITHOUT_DELIVERY')) throw error;
    expect(error.message).toContain(what);
    expect(error.message).toMatch(new RegExp(`^'${name}.*' was handed `));
    expect(error.message).not.toContain('4111');
    expect(error.remedy).toEqual(expect.any(String));
  });
});

test.each(Object.entries(handingOn))('%s hands on what is no record', (_, operator) => {
  const seen: unknown[] = [];
  const given = [undefined, null, 7, {}];
  operator(of(...given) as unknown as Observable<never>).subscribe(thing => seen.push(thing));
  expect(seen).toEqual(given);
});

describe.each(Object.entries(ofStates))(
  '%s fails its app, and says what it was handed:',
  (name, operator) => {
    test.each(things)('%s', async (what, make) => {
      const t = await testApp(app => {
        const source = app.topic('in', { value: string }).pipe(map(() => make() as never));
        operator(app, source).subscribe(app.watch(() => {}));
      });
      const error = await (async () => t.pipeIn('in', [{ value: 'a' }]))().catch((thrown: unknown) => thrown);
      await t.stop().catch(() => {});
      if (!isKafkaRxError(error, 'WITHOUT_DELIVERY')) throw error;
      expect(error.message).toMatch(new RegExp(`'${name}.*' was handed `));
      expect(error.message).toContain(what);
      expect(error.message).not.toContain('4111');
      expect(t.committed('in')).toEqual([-1]);
    });
  },
);

describe.each(Object.entries(sinks))('app.%s fails its app, and says what it was handed:', (_name, sink) => {
  test.each(things)('%s', async (what, make) => {
    const t = await testApp(app => {
      app
        .topic('in', { value: string })
        .pipe(map(() => make() as never))
        .subscribe(sink(app));
    });
    const error = await (async () => t.pipeIn('in', [{ value: 'a' }]))().catch((thrown: unknown) => thrown);
    await t.stop().catch(() => {});
    if (!isKafkaRxError(error, 'WITHOUT_DELIVERY')) throw error;
    expect(error.message).toContain(`'sink' was handed ${what}`);
    expect(error.message).not.toContain('4111');
    expect(error.at).toMatchObject({ topic: 'in', offset: 0 });
    expect(t.committed('in')).toEqual([-1]);
  });
});
