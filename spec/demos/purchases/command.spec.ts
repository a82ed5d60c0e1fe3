/** The command as its users have it: a process, its output, its exit code. On the embedded broker. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '..', '..', '..');
const main = join(root, 'demos', 'purchases', 'main.ts');
const firstCustomer = '00001';
const counts = { patterns: 0, rewards: 0, purchases: 0, stored: 0, skipped: 0, deadLettered: 0 };

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when standard error matches. */
  told(pattern: RegExp): Promise<RegExpExecArray>;
}

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purchases-command-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function start(...args: string[]): Running {
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...args], {
    cwd: root,
    env: { ...process.env, XDG_DATA_HOME: join(folder, 'data'), NODE_ENV: 'test' },
  });
  let [out, err] = ['', ''];
  child.stdout?.on('data', data => (out += String(data)));
  child.stderr?.on('data', data => (err += String(data)));
  const ended = once(child, 'close').then(([code]): Ended => ({ code, out, err }));
  const told = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const match = pattern.exec(err);
      if (match !== null) return match;
      if (child.exitCode !== null) throw new Error(`ended without ${pattern}: ${err}`);
      await new Promise(resolve => setTimeout(resolve, 10));
    }
  };
  return { child, ended, told };
}

const run = (...args: string[]): Promise<Ended> => start(...args).ended;

const purchase = (i: number, change: object = {}) => ({
  customerId: `c${i % 2}`,
  storeId: 's',
  zipCode: '10003',
  item: `item ${i}`,
  department: 'd',
  quantity: 1,
  price: 2.5,
  purchasedAt: `1997-01-0${i + 1}T10:00:00.000Z`,
  cardNumber: '4111-1111-1111-1111',
  ...change,
});

async function input(name: string, ...lines: (object | string)[]): Promise<string> {
  const file = join(folder, name);
  await writeFile(
    file,
    lines.map(line => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  );
  return file;
}

const resultOf = (out: string): string => out.trimEnd().split('\n').at(-1) ?? '';
const lastLine = (out: string): unknown => JSON.parse(resultOf(out));
const lines = (text: string): string[] => text.split('\n').filter(line => line !== '');
const store = (name: string): string => join(folder, name);
const good = [0, 1, 2, 3].map(i => purchase(i));
const bad = '{"customerId":"c9","cardNumber":"4111-1111-1111-1111"';

describe('purchases --input', () => {
  test('processes the file, prints a summary and exits 0; the history is found again, by time too', async () => {
    const file = await input('good.jsonl', ...good);
    const { code, out, err } = await run('--input', file, '--store', store('good'));
    expect([code, resultOf(out)]).toEqual([0, expect.stringMatching(/^Processed 4 purchases in /)]);
    expect(out).toMatch(/stored +4/);
    expect(out).toMatch(/item 0/);
    expect(err).toContain(`history in ${store('good')}`);
    expect(out + err).not.toContain('4111');

    const history = async (...range: string[]) => {
      const ended = await run('history', '--store', store('good'), '--customer', 'c0', ...range);
      return { ...ended, items: lines(ended.out).map(line => JSON.parse(line).item) };
    };
    const [all, from, to] = await Promise.all([
      history(),
      history('--from', '1997-01-03T10:00:00Z'),
      history('--to', '1997-01-03T10:00:00Z'),
    ]);
    expect([all.code, all.err, all.items]).toEqual([0, '', ['item 0', 'item 2']]);
    expect(JSON.parse(lines(all.out)[0] ?? '')).toEqual(purchase(0, { cardNumber: 'xxxx-xxxx-xxxx-1111' }));
    expect([from.items, to.items]).toEqual([['item 2'], ['item 0']]);
  }, 90_000);

  test('--json ends standard output with one line of counts, and nothing else stands there', async () => {
    const { code, out } = await run(
      '--input',
      await input('json.jsonl', ...good),
      '--store',
      store('json'),
      '--json',
    );
    expect(code).toBe(0);
    expect(lines(out)).toHaveLength(1);
    expect(lastLine(out)).toEqual({
      consumed: 4,
      patterns: 4,
      rewards: 4,
      purchases: 4,
      stored: 4,
      skipped: 0,
      deadLettered: 0,
      seconds: expect.any(Number),
      recordsPerSecond: expect.any(Number),
      guarantee: 'at-least-once',
    });
    expect(Object.keys(lastLine(out) as object)).toEqual([
      'consumed',
      ...Object.keys(counts),
      'seconds',
      'recordsPerSecond',
      'guarantee',
    ]);
  }, 90_000);

  test('an empty file is nothing to do, not a failure', async () => {
    const { code, out } = await run(
      '--input',
      await input('empty.jsonl'),
      '--store',
      store('empty'),
      '--json',
    );
    expect([code, lastLine(out)]).toEqual([
      0,
      { consumed: 0, ...counts, seconds: 0, recordsPerSecond: 0, guarantee: 'at-least-once' },
    ]);
  }, 90_000);

  test('a missing file is one line and exit code 1; --json still ends with its line', async () => {
    const { code, out, err } = await run(
      '--input',
      store('nowhere.jsonl'),
      '--store',
      store('none'),
      '--json',
    );
    expect([code, lastLine(out)]).toEqual([1, expect.objectContaining({ consumed: 0 })]);
    expect(lines(err).at(-1)).toBe(`Cannot read ${store('nowhere.jsonl')}: there is no such file`);
    expect(err).not.toMatch(/^\s+at /m);
  }, 90_000);
});

describe('purchases --guarantee exactly-once', () => {
  const options = ['--guarantee', 'exactly-once'];

  test('processes the file in units of work, and says so in the summary and in the line of JSON', async () => {
    const file = await input('once.jsonl', ...good, bad);
    const more = ['--input', file, '--on-invalid', 'dead-letter', ...options];
    const [told, line] = await Promise.all([
      run(...more, '--store', store('once')),
      run(...more, '--store', store('once-json'), '--json'),
    ]);
    expect([told.code, resultOf(told.out)]).toEqual([
      0,
      expect.stringMatching(/^Processed 5 purchases exactly once in /),
    ]);
    expect([line.code, lastLine(line.out)]).toEqual([
      0,
      {
        ...{ consumed: 5, patterns: 4, rewards: 4, purchases: 4, stored: 4, skipped: 0, deadLettered: 1 },
        ...{ seconds: expect.any(Number), recordsPerSecond: expect.any(Number), guarantee: 'exactly-once' },
      },
    ]);
  }, 90_000);

  test('a record that fails the run has nothing committed of its unit, and is named', async () => {
    const file = await input('once-bad.jsonl', ...good, bad);
    const { code, out, err } = await run('--input', file, '--store', store('once-bad'), '--json', ...options);
    expect([code, lastLine(out)]).toEqual([1, expect.objectContaining({ guarantee: 'exactly-once' })]);
    expect(lines(err).at(-1)).toMatch(/^DECODE: .*\(topic transactions, partition \d, offset \d\)/);
  }, 90_000);
});

describe('purchases --on-invalid', () => {
  const judge = async (policy: string, ...more: string[]) => {
    const file = await input(`${policy}.jsonl`, ...good, bad, purchase(5, { quantity: 0 }));
    return run('--input', file, '--store', store(policy), '--on-invalid', policy, '--json', ...more);
  };

  test('fail: exits 1 with one line that says which record and why, without its value', async () => {
    const { code, out, err } = await judge('fail');
    expect(code).toBe(1);
    expect(lastLine(out)).toMatchObject({ skipped: 0, deadLettered: 0 });
    expect(lines(err).at(-1)).toMatch(/^DECODE: .*\(topic transactions, partition \d, offset \d\)/);
    expect(err).not.toMatch(/4111|^\s+at /m);
  }, 90_000);

  test('skip: goes on and counts', async () => {
    const { code, out } = await judge('skip');
    expect([code, lastLine(out)]).toMatchObject([0, { consumed: 6, stored: 4, skipped: 2, deadLettered: 0 }]);
  }, 90_000);

  test('skip: a purchase that several branches refuse is one', async () => {
    // A card number where none belongs: the guard finds it in every topic that the field goes to, and in the history.
    const lines = [1, 2, 3].map(id => purchase(id, { item: 'card 4111 1111 1111 1111' }));
    const file = await input('leaks.jsonl', ...good, ...lines);
    const { code, out } = await run(
      '--input',
      file,
      '--store',
      store('leaks'),
      '--on-invalid',
      'skip',
      '--json',
    );
    expect([code, lastLine(out)]).toMatchObject([0, { consumed: 7, stored: 4, skipped: 3 }]);
  }, 90_000);

  test('dead-letter: goes on and counts what was written', async () => {
    const { code, out } = await judge('dead-letter', '--dead-letter-topic', 'dead');
    expect([code, lastLine(out)]).toMatchObject([0, { consumed: 6, stored: 4, skipped: 0, deadLettered: 2 }]);
  }, 90_000);
});

describe('purchases --input with a line that no topic takes', () => {
  const judge = async (policy: string, ...more: string[]) => {
    const long = purchase(2, { item: 'x'.repeat(1_500_000) });
    const file = await input(`long-${policy}.jsonl`, good[0] ?? '', long, good[1] ?? '');
    return run(
      '--input',
      file,
      '--store',
      store(`long-${policy}`),
      '--on-invalid',
      policy,
      '--json',
      ...more,
    );
  };

  test.each([['skip'], ['dead-letter', '--dead-letter-topic', 'dead']])(
    '%s: leaves it out, says which, and goes on',
    async (policy, ...more) => {
      const { code, out, err } = await judge(policy, ...more);
      expect([code, lastLine(out)]).toMatchObject([0, { consumed: 2, stored: 2 }]);
      expect(err).toMatch(/line 2 of .*long-.*\.jsonl makes a record of 1500\d\d\d bytes.*left out/);
    },
    90_000,
  );

  test('fail: exits 1, says which line, and what can be done', async () => {
    const { code, err } = await judge('fail');
    expect(code).toBe(1);
    expect(lines(err).at(-1)).toMatch(
      /^line 2 of .* a topic takes 1000000: shorten it, or .*--on-invalid skip$/,
    );
  }, 90_000);
});

describe('purchases', () => {
  test('wrong usage is exit code 2 and one line', async () => {
    const wrong: [string[], string][] = [
      [['--colour'], 'There is no option --colour'],
      [['--on-invalid', 'ignore'], '--on-invalid must be fail, skip or dead-letter'],
      [['history', '--store', 'x'], 'history needs --customer ID'],
    ];
    const ended = await Promise.all(wrong.map(([args]) => run(...args)));
    expect(ended.map(({ code, out, err }) => [code, out, lines(err)])).toEqual(
      wrong.map(([, message]) => [2, '', [expect.stringContaining(message)]]),
    );
  }, 90_000);

  test('a broker out of reach is exit code 1 and one line with its address', async () => {
    const { code, out, err } = await run('--brokers', '127.0.0.1:1', '--store', store('cluster'), '--json');
    expect([code, lastLine(out)]).toEqual([
      1,
      { consumed: 0, ...counts, seconds: 0, recordsPerSecond: 0, guarantee: 'at-least-once' },
    ]);
    expect(lines(err).at(-1)).toMatch(/^UNREACHABLE: .*127\.0\.0\.1:1/);
    expect(err).not.toMatch(/^\s+at /m);
  }, 90_000);

  test('a history that does not exist is exit code 1 and one line', async () => {
    const { code, out, err } = await run('history', '--store', store('no such store'), '--customer', 'c0');
    expect([code, out, lines(err)]).toEqual([1, '', [expect.stringContaining('no such store')]]);
  }, 90_000);

  test('SIGTERM drains and exits 0, with its line; history and metrics are there while it runs', async () => {
    const running = start('--store', store('signal'), '--json', '--metrics-port', '0');
    const [, url] = await running.told(/metrics at (http:\S+)/);
    await running.told(/history in/);
    const metric = async (): Promise<string> => (await fetch(url ?? '')).text();
    let text = '';
    while (!/kafka_rx_documents_stored_total\{store="history"\} [1-9]/.test(text)) {
      text = await metric();
      if (running.child.exitCode !== null) throw new Error('ended before anything was stored');
    }
    expect(text).toContain('# TYPE kafka_rx_lag_records gauge');
    const live = await fetch((url ?? '').replace('/metrics', '/live'));
    expect([live.status, await live.json()]).toMatchObject([200, { live: true }]);
    const history = await run('history', '--store', store('signal'), '--customer', firstCustomer);
    expect([history.code, history.err]).toEqual([0, '']);
    expect(lines(history.out)).not.toEqual([]);
    for (const line of lines(history.out)) {
      expect(JSON.parse(line)).toMatchObject({
        customerId: firstCustomer,
        cardNumber: expect.stringMatching(/^[x -]+[\dx -]{4,}$/),
      });
    }
    running.child.kill('SIGTERM');
    const { code, out, err } = await running.ended;
    expect([code, lines(out).length]).toEqual([0, 1]);
    const { consumed, stored, purchases } = lastLine(out) as Record<string, number>;
    expect([stored, purchases]).toEqual([consumed, consumed]);
    expect(consumed).toBeGreaterThan(0);
    expect(err).not.toMatch(/^\s+at /m);
    await expect(metric()).rejects.toThrow();
  }, 90_000);
});
