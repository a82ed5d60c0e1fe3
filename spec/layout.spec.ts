import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chanceAndTime, chanceAndTimeIn, mayUseChanceAndTime } from './layout/chance-and-time.js';
import { circles } from './layout/circles.js';
import { costlyGlobals, costlyGlobalsIn } from './layout/costly-globals.js';
import { importsIn, specifiersIn } from './layout/imports.js';
import { linesOfCode, longFiles } from './layout/long-files.js';
import { rules } from './layout/rules.js';
import { lookedAtByHand, lookedAtByHandIn } from './layout/thrown.js';
import { unheardExpectations, unheardExpectationsIn } from './layout/unheard-expectations.js';

const repository = join(__dirname, '..');

describe('imports point one way', () => {
  const imports = importsIn(repository, ['lib', 'operators', 'demos']);

  test.each(rules)('$name', async ({ forbids }) => {
    const broken = (await imports).filter(one => forbids(one));
    expect(broken.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  test.each([
    ['lib/app/app.ts', 'operators/mask.ts'],
    ['operators/mask.ts', 'lib/drivers/memory/index.ts'],
    ['lib/app/app.ts', 'lib/drivers/kafkajs/index.ts'],
    ['lib/drivers/memory/memory.ts', 'lib/record/record.ts'],
    ['lib/drivers/memory/memory.ts', 'lib/drivers/kafkajs/cluster/client.ts'],
    ['lib/drivers/assignor.ts', 'lib/drivers/memory/memory.ts'],
    ['lib/errors/errors.ts', 'lib/record/record.ts'],
    ['lib/app/app.ts', 'lib/testing/deliver.ts'],
    ['demos/purchases/run.ts', 'lib/app/app.ts'],
    ['demos/purchases/run.ts', 'kafkajs'],
    ['lib/codecs/json.ts', 'io-ts'],
    ['operators/mask.ts', 'fp-ts/lib/Either.js'],
    ['lib/stores/memory-store.ts', 'lmdb'],
    ['lib/app/app.ts', 'lodash'],
  ])('the rules would catch %s importing %s', (from, to) => {
    expect(rules.filter(rule => rule.forbids({ from, to }))).toHaveLength(1);
  });

  test('every form of import is seen', () => {
    const text = `import a from './a.js'; import type { B } from './b.js'; export * from './c.js'; import './d.js';
      export type { E } from './e.js'; const f = await import('./f.js'); type G = import('./g.js').G;`;
    expect(specifiersIn(text)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(name => `./${name}.js`));
  });

  test('no file of lib and operators imports, by whatever way, what imports it', async () => {
    expect(circles(await imports)).toEqual([]);
  });

  test('a circle is found whatever its length, each once, and what only leads to it is none of it', () => {
    const all = [
      ...['a b', 'b c', 'c a', 'c d', 'd e', 'e f', 'f e'], // two, the one leading to the other
      ...['g g', 'h a', 'i h', 'j rxjs'],
    ];
    const found = circles(
      all.map(pair => ({ from: pair.split(' ')[0] ?? '', to: pair.split(' ')[1] ?? '' })),
    );
    expect(found).toEqual([['a', 'b', 'c'], ['e', 'f'], ['g']]);
  });

  test('there are imports to judge', async () => {
    expect((await imports).length).toBeGreaterThan(300);
  });
});

test('on top of lib stands its entry point and nothing else, fourteen entries at most', async () => {
  const entries = await readdir(join(repository, 'lib'), { withFileTypes: true });
  expect(entries.filter(entry => !entry.isDirectory()).map(({ name }) => name)).toEqual(['index.ts']);
  expect(entries.length).toBeLessThanOrEqual(14);
});

test('no file is above 300 lines of code without a reason in it', async () => {
  expect((await longFiles(repository)).filter(({ lines }) => lines > 300)).toEqual([]);
});

test('comments and blank lines are not lines of code', () => {
  expect(
    linesOfCode('/** one\n * two */\nconst a = 1;\n\n// three\nconst b = `\n  four\n`; /* five\n */\n'),
  ).toBe(4);
});

describe('real time and real chance come in where it is said', () => {
  test('and nowhere else, or a seed would not be one run', async () => {
    const found = await chanceAndTime(repository);
    expect([...found.keys()]).toEqual(Object.keys(mayUseChanceAndTime).sort());
  });

  test('every way is seen, and what is only spoken of is not', () => {
    const text = `import { randomUUID as id } from 'node:crypto'; import { setImmediate as turn } from 'node:timers/promises';
      const a = Math.random; b(Date.now()); globalThis.setTimeout(c, performance.now()); new Date(); new Date(0); process.hrtime();
      // setInterval
      const d = 'queueMicrotask';`;
    expect(chanceAndTimeIn(text).sort()).toEqual(
      [
        'Date.now',
        'Math.random',
        'hrtime',
        'new Date()',
        'performance.now',
        'randomUUID',
        'setImmediate',
        'setTimeout',
      ].sort(),
    );
  });
});

describe('what Node hands out through an accessor is imported', () => {
  test('wherever it is used', async () => {
    expect(await costlyGlobals(repository)).toEqual([]);
  });

  test('it would be seen as a function, an operand or an argument, and not as a type, a field or once imported', () => {
    const used = ['Buffer.from(a)', 'a instanceof Buffer', 'f(Buffer)', '{ a: performance.now() }'];
    for (const text of used) expect(costlyGlobalsIn(`b(${text});`)).toHaveLength(1);
    const free = ['let a: Buffer;', 'a.Buffer.from();', '({ Buffer: 1 });', 'a as readonly Buffer[];'];
    for (const text of free) expect(costlyGlobalsIn(text)).toEqual([]);
    expect(costlyGlobalsIn("import { Buffer } from 'node:buffer'; Buffer.from(a);")).toEqual([]);
  });
});

/** What a search of the sources finds, once in each of some texts and in none of others. */
function testSearch(
  searchIn: (text: string) => readonly string[],
  { seen, free }: { readonly seen: readonly string[]; readonly free: readonly string[] },
): void {
  test.each(seen)('it would be seen in %s', text => {
    expect(searchIn(text)).toHaveLength(1);
  });

  test.each(free)('none is in %s', text => {
    expect(searchIn(text)).toEqual([]);
  });
}

describe('what was thrown is asked in the ways that never throw', () => {
  test('and looked at by hand nowhere', async () => {
    expect(await lookedAtByHand(repository)).toEqual([]);
  });

  testSearch(lookedAtByHandIn, {
    seen: [
      'try {} catch (e) { if (e instanceof Error) f(); }',
      "try {} catch (e) { if ('code' in e) f(); }",
      'try {} catch (e) { g(() => (e as Error).message); }',
      'try {} catch (e) { throw Object.assign(e, { a: 1 }); }',
      'try {} catch (e) { const { a } = Object(e); }',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the template that is looked for
      'try {} catch (e) { log(`${e}`); }',
      'p.catch(e => e.code);',
      'p.then(x => x, e => e.code);',
      'function kind(error: unknown) { return error instanceof Error; }',
    ],
    free: [
      'try {} catch (e) { throw e; }',
      'try {} catch (e) { if (isInstance(e, Error)) f(e); }',
      'try {} catch (e) { f((e: X) => e instanceof Y); }',
      'p.then(x => x.code);',
      'function kind(value: unknown) { return value instanceof Map; }',
    ],
  });
});

describe('what a test expects can fail it', () => {
  test('so nothing is expected where the test does not hear of it', async () => {
    expect(await unheardExpectations(repository)).toEqual([]);
  });

  testSearch(unheardExpectationsIn, {
    seen: [
      'app.events$.subscribe(event => { if (event) expect(event).toBe(1); });',
      'in$.subscribe({ next: value => expect(value).toBe(1), error() {} });',
      'in$.subscribe({ next(value) { expect(value).toBe(1); } });',
      'in$.subscribe(app.each(({ value }) => expect(value).toBe(1)));',
      'in$.pipe(mapAsync(async value => { await f(() => expect(value).toBe(1)); }));',
      'setTimeout(() => expect(a).toBe(1), 5);',
    ],
    free: [
      "test.each([['a', () => 1]])('%s', (_, f) => { expect(f()).toBe(1); });",
      'expect(() => in$.subscribe(() => {})).toThrow();',
      'in$.subscribe(value => void seen.push(value)); expect(seen).toEqual([1]);',
      'seen.forEach(value => expect(value).toBe(1));',
    ],
  });
});
