import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { refCount, Subject, share, VirtualTimeScheduler } from 'rxjs';
import * as pipeable from 'rxjs/operators';
import { number } from '../../lib/codecs/number.js';
import { deliver, type TestApp, testApp, testRecord } from '../../lib/testing/index.js';
import {
  functions,
  milder,
  type Numbers,
  type Operation,
  operators,
  type Result,
  type Scenario,
  type Source,
} from './rxjs-scenarios.js';

interface Row {
  readonly name: string;
  readonly class: string;
  readonly cells: readonly string[];
}

/** The rows of the table under a heading of docs/operators.md. */
function rows(heading: string): readonly Row[] {
  const text = readFileSync(join(__dirname, '../../docs/operators.md'), 'utf8');
  const section = text.split(`\n### ${heading}\n`)[1]?.split('\n#')[0] ?? '';
  return [...section.matchAll(/^\| `(\w+)` \| (\w+) \|(.*)\|$/gm)].map(
    ([, name = '', kind = '', rest = '']) => ({
      name,
      class: kind,
      cells: rest.split('|').map(cell => cell.trim()),
    }),
  );
}

/** What came of an app with the operation between topic and sink. */
interface Outcome {
  readonly written: readonly number[];
  readonly committed: readonly number[];
  readonly otherCommitted: readonly number[] | undefined;
  readonly failure: unknown;
}

async function run(operation: Operation, timePasses: boolean): Promise<Outcome> {
  const time = new VirtualTimeScheduler(undefined, 1000);
  const lateSubscriptions: (() => void)[] = [];
  let readsOther = false;
  let tested: TestApp | undefined;
  const outcome = {
    written: [] as number[],
    committed: [] as readonly number[],
    otherCommitted: undefined as readonly number[] | undefined,
  };
  try {
    const t = await testApp(
      app => {
        const topic = (name: string): Source => {
          const source = app.topic(name, { value: number });
          // A healthy branch beside the one under test: it must not change what becomes of the other.
          source.subscribe(app.each(() => {}));
          return source;
        };
        const other = () => {
          readsOther = true;
          return topic('other');
        };
        const late = (stream: Result) => {
          const sink = app.each(() => {});
          lateSubscriptions.push(() => stream.subscribe(sink));
        };
        const result = operation(topic('in'), { other, time, late });
        result.subscribe(app.to('out', { keyBy: () => null, value: number }));
      },
      { topics: ['other', 'out'] },
    );
    tested = t;
    const pass = async (name: string, ...values: readonly number[]): Promise<void> => {
      t.pipeIn(
        name,
        values.map(value => ({ value: `${value}` })),
      );
      if (timePasses) time.flush();
      await t.idle();
    };
    await pass('in', 1, 2);
    for (const subscribe of lateSubscriptions) subscribe();
    if (readsOther) await pass('other', 10);
    await pass('in', 3, 4);
    if (readsOther) await pass('other', 20);
    await t.stop();
    return { ...outcome, ...results(t, readsOther), failure: undefined };
  } catch (failure) {
    await tested?.stop().catch(() => {});
    return { ...outcome, ...(tested === undefined ? {} : results(tested, readsOther)), failure };
  }
}

function results(t: TestApp, readsOther: boolean): Omit<Outcome, 'failure'> {
  return {
    written: t.read('out', { value: number }).map(({ value }) => value),
    committed: t.committed('in'),
    otherCommitted: readsOther ? t.committed('other') : undefined,
  };
}

/** What an operation gives for these values when it has seen others before, of an epoch that is over. */
function afterRewind(
  operation: (source: Source) => Result,
  before: readonly number[],
  replayed: readonly number[],
): readonly number[] {
  const records = new Subject<Numbers>();
  const delivered = deliver(records);
  const seen: number[] = [];
  operation(delivered.records$).subscribe(({ value }) => seen.push(value));
  const pass = (values: readonly number[]) => {
    for (const value of values) records.next(testRecord<number, Buffer | null>({ value, offset: value }));
  };
  pass(before);
  delivered.revoke();
  seen.length = 0;
  pass(replayed);
  return seen;
}

async function holds(scenario: Scenario): Promise<void> {
  if ('replayed' in scenario) {
    const fresh = afterRewind(scenario.operation, [], scenario.replayed);
    const rewound = afterRewind(scenario.operation, [1, 2, 3], scenario.replayed);
    expect(rewound).not.toEqual(fresh);
    return;
  }
  const { written, committed, otherCommitted, failure } = await run(
    scenario.operation,
    scenario.class === 'loud',
  );
  if (scenario.class === 'loud') {
    expect(failure).toMatchObject({ code: scenario.code });
    return;
  }
  expect(failure).toBeUndefined();
  expect(written).toEqual(scenario.written);
  expect(committed).toEqual([4]);
  if (otherCommitted !== undefined) expect(otherCommitted).toEqual([2]);
  if (scenario.class === 'lossy') expect(written).not.toContain(scenario.lost);
}

describe.each([
  ['Operators', operators, [...Object.keys(pipeable), 'onErrorResumeNextWith']],
  [
    'Functions that join or split streams',
    functions,
    ['merge', 'combineLatest', 'concat', 'zip', 'race', 'forkJoin', 'partition'],
  ],
] as const)('docs/operators.md, %s', (heading, scenarios, names) => {
  const table = rows(heading);

  test('has a row for each that rxjs exports, and no other, in order', () => {
    expect(table.map(({ name }) => name)).toEqual(
      [...names].sort((a, b) => a.toLowerCase().localeCompare(b.toLowerCase())),
    );
  });

  test('says for each that is not safe why, and knows three classes', () => {
    expect(table.filter(row => !['safe', 'loud', 'lossy'].includes(row.class))).toEqual([]);
    expect(table.filter(row => row.class !== 'safe' && row.cells[0] === '')).toEqual([]);
  });

  test.each(table.map(row => [row.name, row.class] as const))('%s is %s', async (name, kind) => {
    const scenario = scenarios[name];
    expect(scenario).toBeDefined();
    if (scenario === undefined) return;
    expect(scenario.class).toBe(kind);
    await holds(scenario);
  });
});

test.each(Object.entries(milder))(
  '%s is milder than the worst that its row says',
  async (_name, scenario) => {
    await holds(scenario);
  },
);

test('every operator of ours has its row and its file', () => {
  const text = readFileSync(join(__dirname, '../../docs/operators.md'), 'utf8');
  const exported = readFileSync(join(__dirname, '../../operators/index.ts'), 'utf8');
  const files = [...exported.matchAll(/from '\.\/(\w+)\.js'/g)].map(([, file]) => file);
  const rows = [...text.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  expect(rows).toEqual(expect.arrayContaining(files));
});

test.each<[string, (source: Source) => Result]>([
  ['share', source => source.pipe(share())],
  ['publish', source => source.pipe(pipeable.publish(), refCount())],
  [
    'multicast',
    source =>
      source.pipe(
        pipeable.multicast(() => new Subject<Numbers>()),
        refCount(),
      ),
  ],
])('the picture shows a sink behind %s before a record has passed', async (_, operation) => {
  const t = await testApp(app => {
    operation(app.topic('in', { value: number })).subscribe(
      app.to('out', { keyBy: () => null, value: number }),
    );
  });
  expect(t.app.describe().edges).toEqual([{ from: 'in', to: 'out', observed: false }]);
  await t.stop();
});
