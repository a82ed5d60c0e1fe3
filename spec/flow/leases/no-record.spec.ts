import { type App, isKafkaRxError, type KafkaRecord, memoryStore, string } from 'kafka-rx';
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
  peek,
  project,
  through,
} from 'kafka-rx/operators';
import { testApp, testRecord } from 'kafka-rx/testing';
import { map, mergeMap, type Observable, type OperatorFunction, of } from 'rxjs';

type Texts = KafkaRecord<Buffer | null, string>;

/** What a program without types may hand on, or one that casts. */
const handsOn = (make: (record: Texts) => unknown): OperatorFunction<Texts, Texts> =>
  map(record => make(record) as Texts);

const copied = handsOn(record => ({ ...record, value: 'other' }));

const ends: Readonly<Record<string, (app: App, source: Observable<Texts>) => void>> = {
  'app.to': (app, source) => void source.subscribe(app.to('out', { value: string })),
  'app.to with keyBy': (app, source) =>
    void source.subscribe(app.to('out', { value: string, keyBy: value => value })),
  'app.store': (app, source) => void source.subscribe(app.store(memoryStore<string>('copies'))),
  'app.each': (app, source) => void source.subscribe(app.each(() => {})),
  mapValue: (app, source) => void source.pipe(mapValue(value => value)).subscribe(app.each(() => {})),
  mapKey: (app, source) => void source.pipe(mapKey(() => 'key')).subscribe(app.each(() => {})),
  mapRecord: (app, source) =>
    void source.pipe(mapRecord(record => record.withKey('key'))).subscribe(app.each(() => {})),
  project: (app, source) => void source.pipe(project(value => value)).subscribe(app.each(() => {})),
  filterValue: (app, source) => void source.pipe(filterValue(() => false)).subscribe(app.each(() => {})),
  peek: (app, source) => void source.pipe(peek(() => {})).subscribe(app.each(() => {})),
  flatMapValue: (app, source) => void source.pipe(flatMapValue(() => [])).subscribe(app.each(() => {})),
  branch: (app, source) =>
    void branch(source, { big: value => value.length > 9 }).otherwise.subscribe(app.each(() => {})),
  mask: (app, source) =>
    void source
      .pipe(
        mapValue(card => ({ card })),
        map(record => ({ ...record }) as typeof record),
        mask('card' as never),
      )
      .subscribe(app.each(() => {})),
  mapAsync: (app, source) => void source.pipe(mapAsync(async value => value)).subscribe(app.each(() => {})),
  batch: (app, source) =>
    void source.pipe(batch(records => records.length, { maxRecords: 1 })).subscribe(app.each(() => {})),
  through: (app, source) => void source.pipe(through(app.each(() => {}))).subscribe(app.each(() => {})),
};

async function outcome(
  above: OperatorFunction<Texts, Texts>,
  end: (app: App, source: Observable<Texts>) => void,
) {
  const t = await testApp(app => end(app, app.topic('in', { value: string }).pipe(above)), {
    policies: { process: 'skip', encode: 'skip' },
  });
  const thrown = await (async () => {
    t.pipeIn('in', [{ value: 'a' }]);
    await t.idle();
  })().catch((error: unknown) => error);
  const committed = t.committed('in');
  await t.stop().catch(() => {});
  if (!isKafkaRxError(thrown)) throw new Error('the app did not fail');
  return { error: thrown, committed };
}

describe('a copy of a record that is no record fails the app at the first sink or operator of ours', () => {
  test.each(Object.entries(ends))('%s', async (name, end) => {
    const { error, committed } = await outcome(name === 'mask' ? map(record => record) : copied, end);
    expect(error).toMatchObject({ code: 'WITHOUT_DELIVERY', at: { topic: 'in', offset: 0 } });
    expect(error.message).toMatch(/copy of a record/);
    expect(error.remedy).toMatch(/withValue, withKey and withHeaders/);
    expect(committed).toEqual([-1]);
  });

  test('also the second of two copies at a store', async () => {
    const two = mergeMap((record: Texts) => [{ ...record } as Texts, { ...record } as Texts]);
    const { error } = await outcome(two, (app, source) => {
      source.subscribe(app.store(memoryStore<string>('copies')));
    });
    expect(error.code).toBe('WITHOUT_DELIVERY');
  });

  test('what has all that a record does is one, whoever made it', async () => {
    const t = await testApp(app => {
      app
        .topic('in', { value: string })
        .pipe(
          map(record => Object.create(record) as Texts),
          mapValue(value => `${value}!`),
        )
        .subscribe(app.to('out', { value: string }));
    });
    t.pipeIn('in', [{ value: 'a' }]);
    await t.idle();
    expect(t.read('out', { value: string })).toMatchObject([{ value: 'a!' }]);
    await t.stop();
  });
});

describe('what is no record is told by what it is', () => {
  const things: readonly (readonly [string, (record: Texts) => unknown])[] = [
    ['a promise', async record => record],
    ['an Observable', record => of(record)],
    ['undefined', () => undefined],
    ['null', () => null],
    ['an array', record => [record]],
    ['an object', ({ value }) => ({ value })],
    ['an object', () => ({ value: Promise.reject(new Error('nobody hears')) })],
    ['text', ({ value }) => value],
    ['a number', () => 7],
  ];

  test.each(things)('%s at a sink', async (what, make) => {
    const { error, committed } = await outcome(handsOn(make), (app, source) => {
      source.subscribe(app.to('out', { value: string }));
    });
    expect(error).toMatchObject({ code: 'WITHOUT_DELIVERY', at: { topic: 'in', offset: 0 } });
    expect(error.message).toContain(`'out' was handed ${what}`);
    expect(committed).toEqual([-1]);
  });

  test.each(things)('%s at an operator', async (what, make) => {
    const { error } = await outcome(handsOn(make), (app, source) => {
      source.pipe(filterValue(() => true, { name: 'all' })).subscribe(app.each(() => {}));
    });
    expect(error.code).toBe('WITHOUT_DELIVERY');
    expect(error.message).toContain(`'all' was handed ${what}`);
  });

  const copies: typeof things = [['a copy of a record', record => ({ ...record })]];
  test.each([...things, ...copies])(
    '%s that the function of mapRecord gives asks its policy',
    async (what, make) => {
      const made = (onError: 'fail' | 'skip') =>
        mapRecord((record: Texts) => make(record) as Texts, { name: 'remake', onError });
      const end = (app: App, source: Observable<Texts>) => void source.subscribe(app.each(() => {}));
      const { error } = await outcome(made('fail'), end);
      expect(error).toMatchObject({ code: 'PROCESS', at: { topic: 'in', offset: 0 } });
      expect(error.message).toContain(what);
      expect(error.message).toContain("'remake'");
      const t = await testApp(app => end(app, app.topic('in', { value: string }).pipe(made('skip'))));
      t.pipeIn('in', [{ value: 'a' }]);
      await t.idle();
      await t.stop();
      expect(t.committed('in')).toEqual([1]);
    },
  );
});

test('a record made aside is told from what is none', async () => {
  const { error } = await outcome(
    handsOn(() => testRecord({ value: 'a' })),
    (app, source) => void source.subscribe(app.each(() => {})),
  );
  expect(error.message).toContain('a record that came from no source of this app');
});
