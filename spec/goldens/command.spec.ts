/** What `npm run goldens` takes, and what it says of a file that is none. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { UsageError } from '../commands/command.js';
import { goldensArguments } from './arguments.js';
import { casesOf } from './cases.js';
import { casesIn } from './cases-in.js';

test('the arguments, in any order', () => {
  expect(goldensArguments(['a.jsonl'])).toEqual({
    ...{ file: 'a.jsonl', op: undefined, backend: 'memory', restart: false, json: false },
  });
  const all = goldensArguments([
    '--op',
    'count|reduce',
    '--restart',
    'a.jsonl.gz',
    '--backend',
    'lmdb',
    '--json',
  ]);
  expect(all).toMatchObject({ file: 'a.jsonl.gz', backend: 'lmdb', restart: true, json: true });
  expect(['count', 'reduce', 'counts', 'a-reduce'].filter(op => all.op?.test(op))).toEqual([
    'count',
    'reduce',
  ]);
});

test.each([
  [[], 'Name one file'],
  [['a', 'b'], 'Name one file'],
  [['a', '--op', '('], 'regular expression'],
  [['a', '--backend', 'disk'], "no backend 'disk'"],
  [['a', '--other'], "Unknown option '--other'"],
])('%j is wrong usage', (args, message) => {
  expect(() => goldensArguments(args)).toThrow(UsageError);
  expect(() => goldensArguments(args)).toThrow(message);
});

describe('a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kafka-rx-goldens-spec-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const [first, second] = casesOf(/count/);
  const text = `${JSON.stringify(first)}\n\n${JSON.stringify(second)}`;

  async function readFrom(name: string, content: string | Buffer | undefined, op?: RegExp) {
    const file = join(folder, name);
    if (content !== undefined) writeFileSync(file, content);
    const cases = [];
    for await (const of of casesIn(file, op)) cases.push(of);
    return cases;
  }

  test('is read as it is, or unpacked', async () => {
    expect(await readFrom('a.jsonl', text)).toEqual([first, second]);
    expect(await readFrom('a.jsonl.gz', gzipSync(text))).toEqual([first, second]);
    expect(await readFrom('b.jsonl', text, /^reduce$/)).toEqual([]);
  });

  test.each<readonly [string, string | undefined, string]>([
    ['c.jsonl', `${JSON.stringify(first)}\n{`, 'line 2'],
    ['d.jsonl', '{"op":"count"}', 'line 1'],
    ['missing.jsonl', undefined, 'ENOENT'],
    ['missing.jsonl.gz', undefined, 'ENOENT'],
    ['e.jsonl.gz', 'no gzip', 'incorrect header'],
  ])('%s is refused', async (name, content, message) => {
    await expect(readFrom(name, content)).rejects.toThrow(message);
  });
});
