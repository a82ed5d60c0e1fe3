/** Work that a function hands back and nobody begins, or nobody awaits: it is told, and nothing is committed for it. */
import { type App, type KafkaRxError, string } from 'kafka-rx';
import { batch, mapAsync, peek } from 'kafka-rx/operators';
import { testApp } from 'kafka-rx/testing';
import { NEVER, of } from 'rxjs';

type Given = () => unknown;

/** As fp-ts has it: nothing happens before it is called. */
const task = () => async () => {};
function* steps() {
  yield 1;
}

const work: readonly (readonly [string, Given, RegExp])[] = [
  ['a function', task, /gave a function, which nobody calls.*await task\(\)/],
  ['a generator', steps, /gave an iterator, which nobody takes anything from.*generator/],
  ['an iterator without more', () => ({ next: () => ({ done: true }) }), /gave an iterator/],
  ['a list of functions, behind another thing', () => [1, task()], /a list of functions.*task\(\)/],
  ['a list of Observables', () => [of(1)], /a list of Observables/],
  ['a list of generators', () => [steps()], /a list of iterators/],
  ['a Set of promises', () => new Set([1, Promise.resolve()]), /a Set of promises.*Promise\.all/],
  ['a Set of functions', () => new Set([task()]), /a Set of functions/],
  ['a Subscription', () => NEVER.subscribe(), /a Subscription, which nobody waits for.*lastValueFrom/],
  ['a Map of promises', () => new Map([['a', Promise.reject(new Error('late'))]]), /a Map of promises/],
];

const wired: readonly (readonly [string, (app: App, given: Given) => unknown])[] = [
  ['app.each', (app, given) => app.topic('in', { value: string }).subscribe(app.each(given))],
  [
    'app.each, in a promise',
    (app, given) => app.topic('in', { value: string }).subscribe(app.each(async () => given())),
  ],
  [
    'mapAsync',
    (app, given) =>
      app
        .topic('in', { value: string })
        .pipe(mapAsync(() => given() as string))
        .subscribe(),
  ],
  [
    'mapAsync, in a promise',
    (app, given) =>
      app
        .topic('in', { value: string })
        .pipe(mapAsync(async () => given() as string))
        .subscribe(),
  ],
  [
    'mapAsync, in an Observable',
    (app, given) =>
      app
        .topic('in', { value: string })
        .pipe(mapAsync(() => of(given() as string)))
        .subscribe(),
  ],
  [
    'peek',
    (app, given) =>
      app
        .topic('in', { value: string })
        .pipe(peek(() => given() as undefined))
        .subscribe(app.each(() => {})),
  ],
  ['app.watch', (app, given) => app.topic('in', { value: string }).subscribe(app.watch(given))],
];

async function outcome(wire: (app: App) => unknown) {
  const t = await testApp(wire);
  let error: unknown;
  try {
    t.pipeIn('in', [{ value: 'secret' }]);
    await t.idle();
  } catch (thrown) {
    error = thrown;
  }
  error ??= await t.stop().catch((thrown: unknown) => thrown);
  // What it was not to be: a rejection that nobody hears ends the process.
  await new Promise(resolve => setImmediate(resolve));
  return { error: error as KafkaRxError | undefined, committed: t.committed('in') };
}

describe.each(wired)('%s', (_name, wire) => {
  test.each(work)('%s is refused, and nothing is committed', async (_what, given, told) => {
    const { error, committed } = await outcome(app => wire(app, given));
    expect(error).toMatchObject({
      code: 'PROCESS',
      message: expect.stringMatching(told),
      at: { topic: 'in', partition: 0, offset: 0 },
    });
    expect(error?.message).not.toContain('secret');
    expect(committed).toEqual([-1]);
  });
});

describe('the remedy for several can be followed as it is written', () => {
  type Many = readonly [string, (work: (name: string) => unknown) => unknown];
  const many: readonly Many[] = [
    ['a list', work => [work('a'), work('b')]],
    ['a Set', work => new Set([work('a'), work('b')])],
    ['a Map', work => new Map(['a', 'b'].map(name => [name, work(name)]))],
  ];
  const kinds = ['functions', 'promises'] as const;
  const cases = many.flatMap(([what, of]) => kinds.map(kind => [`${what} of ${kind}`, kind, of] as const));

  test.each(cases)('%s', async (what, kind, of) => {
    const done: string[] = [];
    const begun = async (name: string): Promise<void> => {
      await null;
      done.push(name);
    };
    const given = of(name => (kind === 'functions' ? () => begun(name) : Promise.resolve(name)));
    const { error } = await outcome(app =>
      app.topic('in', { value: string }).subscribe(app.each(() => given)),
    );
    expect(error?.message).toContain(what);
    const written = /await (Promise\.all\(.*\))$/.exec(error?.remedy ?? '')?.[1];
    if (written === undefined) throw new Error(`no code in: ${error?.remedy}`);
    const follow = new Function(kind === 'functions' ? 'tasks' : 'promises', `return ${written};`);
    const followed = await outcome(app =>
      app
        .topic('in', { value: string })
        .subscribe(
          app.each(async () => await follow(of(kind === 'functions' ? name => () => begun(name) : begun))),
        ),
    );
    expect(followed).toEqual({ error: undefined, committed: [1] });
    expect(done).toEqual(['a', 'b']);
  });

  test.each(wired.filter(([name]) => ['peek', 'app.watch'].includes(name)))(
    'and in %s, which waits for nothing, says what does',
    async (_, wire) => {
      for (const given of [task, () => new Set([task()]), () => new Map([['a', Promise.resolve()]])]) {
        const { error } = await outcome(app => wire(app, given));
        expect(error?.remedy).toMatch(/^Use mapAsync .*app\.each.*await/);
      }
    },
  );
});

test('what is no work is let be: values, and a collection that was added to', async () => {
  const seen = new Map<string, number>();
  const values = [
    undefined,
    1,
    'x',
    Buffer.from('a'),
    { a: 1 },
    [1, 'a'],
    new Set([1]),
    new Date(0),
    [1].values(),
    of(1).subscribe(),
  ];
  for (const given of [...values.map(value => () => value), () => seen.set('a', 1)]) {
    const { error, committed } = await outcome(app =>
      app.topic('in', { value: string }).subscribe(app.each(given)),
    );
    expect([error, committed]).toEqual([undefined, [1]]);
  }
});

test('a collection that grows is not looked through at every record', async () => {
  let asked = 0;
  const item = {
    get next() {
      asked++;
      return undefined;
    },
  };
  const grown = new Map(Array.from({ length: 10_000 }, (_, at) => [at, item]));
  const { error } = await outcome(app => app.topic('in', { value: string }).subscribe(app.each(() => grown)));
  expect(error).toBeUndefined();
  expect(asked).toBe(100);
});

test('a batch may be of functions and iterators, and not of what nobody awaits', async () => {
  const batched = (given: Given) =>
    outcome(app =>
      app
        .topic('in', { value: string })
        .pipe(batch(() => given() as string, { maxRecords: 1 }))
        .subscribe(app.each(() => {})),
    );
  expect(await batched(() => [task(), steps()])).toEqual({ error: undefined, committed: [1] });
  for (const given of [() => [1, Promise.resolve()], () => new Set([1, Promise.resolve()]), () => [of(1)]]) {
    expect((await batched(given)).error).toMatchObject({ code: 'PROCESS' });
  }
});
