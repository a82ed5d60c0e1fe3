/** Signals as they come to a process: from a supervisor, through npm, to a process group, from a terminal, to a container's first process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp, KafkaRxError, onSignals, silentLogger, string } from 'kafka-rx';
import { MemoryBroker, memory } from 'kafka-rx/memory';
import { VirtualClock } from 'kafka-rx/testing';
import { inPidNamespace, inTerminal, onlyChildOf } from './surroundings.js';

const root = join(__dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'kafka-rx-signals-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const patience = 60_000;
const drained = 'stopping\nstopped\ncommitted 1\ngoodbye\n';

type How = 'free' | 'slow' | 'stuck' | 'blocked' | 'unreachable';

const program = (how: How): string[] => [
  process.execPath,
  '--import',
  'tsx',
  join(__dirname, 'signalled.ts'),
  how,
];

function start(words: readonly string[], detached = false) {
  const [command = '', ...args] = words;
  const child: ChildProcess = spawn(command, args, { cwd: root, detached });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', data => (output += String(data)));
  const said = async (text: string): Promise<void> => {
    while (!output.includes(text)) {
      if (child.exitCode !== null) throw new Error(`ended without '${text}': ${output}`);
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  };
  const closed = once(child, 'close');
  const ended = async (): Promise<number | NodeJS.Signals | null> => {
    const [code, signal] = await closed;
    return code ?? signal;
  };
  return { child, output: () => output.replaceAll('\r', ''), said, ended };
}

async function running(how: How) {
  const run = start(program(how));
  await run.said('got it');
  await run.said('running');
  return run;
}

const later = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

describe('one intent to end, however often it is told', () => {
  test('the first signal drains, commits and lets the process end by itself', async () => {
    const { child, output, ended } = await running('free');
    child.kill('SIGTERM');
    expect(await ended()).toBe(0);
    expect(output()).toContain(drained);
  }, 60_000);

  test.each([
    ['SIGTERM', 'SIGTERM', 3],
    ['SIGTERM', 'SIGINT', 300],
    ['SIGINT', 'SIGTERM', 3],
    ['SIGHUP', 'SIGTERM', 3],
  ] as const)(
    '%s and then %s %i ms later drain once',
    async (first, second, ms) => {
      const { child, output, said, ended } = await running('slow');
      child.kill(first);
      await said('stopping');
      await later(ms);
      child.kill(second);
      child.kill(second);
      expect(await ended()).toBe(0);
      expect(output()).toContain(drained);
    },
    patience,
  );

  test('while a broker is looked for, a signal and its echo end the app well, within what closing may take', async () => {
    const { child, output, said, ended } = start(program('unreachable'));
    await said('retrying');
    child.kill('SIGTERM');
    await later(3);
    child.kill('SIGTERM');
    expect(await ended()).toBe(0);
    expect(output()).toMatch(/^stopping$.*^stopped$/ms);
  }, 25_000);

  test('an echo that waits behind a blocked event loop is an echo, however late it is heard', async () => {
    const { child, output, said, ended } = await running('blocked');
    child.kill('SIGTERM');
    await said('stopping');
    child.kill('SIGTERM');
    expect(await ended()).toBe(0);
    expect(output()).toContain(drained);
  }, 60_000);

  test('an echo that finds the app ended already does not end the process under what it does next', async () => {
    const { child, output, said, ended } = await running('free');
    child.kill('SIGTERM');
    await said('committed 1');
    child.kill('SIGTERM');
    expect(await ended()).toBe(0);
    expect(output()).toContain(drained);
  }, 60_000);

  test('echoes that come until the process is gone, while Node takes itself down too, leave its exit code', async () => {
    for (let round = 0; round < 5; round++) {
      const { child, output, said, ended } = await running('free');
      child.kill('SIGINT');
      await said('committed 1');
      const echoes = setInterval(() => child.kill('SIGINT'), 1);
      const code = await ended();
      clearInterval(echoes);
      expect(code).toBe(0);
      expect(output()).toContain(drained);
    }
  }, 60_000);
});

describe('a person who insists', () => {
  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const)(
    'a second signal (%s) a second after the first ends the process at once, with the exit code of the shell',
    async (second, code) => {
      const { child, output, said, ended } = await running('stuck');
      child.kill('SIGTERM');
      await said('stopping');
      child.kill('SIGTERM');
      await later(1100);
      const sent = performance.now();
      child.kill(second);
      expect(await ended()).toBe(code);
      expect(performance.now() - sent).toBeLessThan(5000);
      expect(output()).not.toContain('stopped');
      expect(output()).toMatch(/told to end a second time.*\n$/);
    },
    patience,
  );
});

describe('the ways a signal comes', () => {
  /** The script as `npm run` finds it; npm itself forwards SIGTERM and SIGINT, after the group has had them. */
  function npm(how: How): string[] {
    const words = program(how).map(word => JSON.stringify(word));
    const scripts = { app: `cd ${JSON.stringify(root)} && exec ${words.join(' ')}` };
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ scripts }));
    return ['npm', '--prefix', folder, 'run', '--silent', 'app'];
  }

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'npm run, %s to npm alone',
    async signal => {
      const { child, output, said, ended } = start(npm('slow'), true);
      await said('running');
      await said('got it');
      child.kill(signal);
      expect(await ended()).toBe(0);
      expect(output()).toContain(drained);
    },
    60_000,
  );

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'npm run, %s to the process group: the process is told twice and drains once',
    async signal => {
      const { child, output, said, ended } = start(npm('slow'), true);
      await said('running');
      await said('got it');
      process.kill(-(child.pid ?? 0), signal);
      expect(await ended()).toBe(0);
      expect(output()).toContain(drained);
    },
    patience,
  );

  test.each([
    ['the program', program],
    ['npm run', npm],
  ])(
    'Ctrl-C in a terminal, %s',
    async (_, words) => {
      const terminal = inTerminal();
      expect(terminal).toBeDefined();
      const { child, output, said, ended } = start(terminal?.(words('slow')) ?? []);
      await said('running');
      await said('got it');
      child.stdin?.write('\u0003');
      expect(await ended()).toBe(0);
      expect(output()).toContain(drained);
    },
    60_000,
  );

  const asFirst = inPidNamespace();
  if (asFirst === undefined && !process.env['CI']) {
    process.stderr.write(
      'Signals to a first process are not tested: unshare (util-linux) may make no PID namespace here\n',
    );
  }
  describe('to the first process of a container, for which no signal has an action of its own', () => {
    // On a developer's machine it may be impossible; a green CI must have run everything.
    const or = asFirst === undefined && !process.env['CI'] ? test.skip : test;

    or.each(['SIGTERM', 'SIGINT'] as const)(
      '%s twice drains once',
      async signal => {
        expect(asFirst).toBeDefined();
        const { child, output, said, ended } = start([...(asFirst ?? []), ...program('slow')]);
        await said('running');
        await said('got it');
        const first = onlyChildOf(child.pid ?? 0);
        process.kill(first, signal);
        await later(3);
        process.kill(first, signal);
        expect(await ended()).toBe(0);
        expect(output()).toContain(drained);
      },
      60_000,
    );

    or(
      'a second signal a second later ends it',
      async () => {
        expect(asFirst).toBeDefined();
        const { child, said, ended } = start([...(asFirst ?? []), ...program('stuck')]);
        await said('running');
        await said('got it');
        const first = onlyChildOf(child.pid ?? 0);
        process.kill(first, 'SIGTERM');
        await said('stopping');
        await later(1100);
        process.kill(first, 'SIGTERM');
        expect(await ended()).toBe(143);
      },
      60_000,
    );
  });
});

describe('what was to stop the program fails:', () => {
  const unheard: unknown[] = [];
  const note = (reason: unknown): void => void unheard.push(reason);
  beforeEach(() => {
    unheard.length = 0;
    process.on('unhandledRejection', note);
  });
  afterEach(() => {
    process.off('unhandledRejection', note);
    process.exitCode = undefined;
    expect(unheard).toEqual([]);
  });
  const secret = (): Error => new RangeError('4111111111111111');
  const closed = new KafkaRxError('CLOSED', 'It was closed before', { remedy: 'Close it once' });

  test.each<[string, () => unknown, string]>([
    ['it rejects', async () => Promise.reject(secret()), 'RangeError'],
    ['it rejects later', () => later(5).then(() => Promise.reject(secret())), 'RangeError'],
    [
      'it throws',
      () => {
        throw secret();
      },
      'RangeError',
    ],
    ['an error of ours', async () => Promise.reject(closed), 'It was closed before. Close it once'],
  ])('%s, which is logged and makes the exit code 1', async (_, stop, what) => {
    const logged: unknown[] = [];
    const error = (...line: unknown[]): void => void logged.push(line);
    const leave = onSignals(['SIGUSR2'], stop, { ...silentLogger, error });
    process.emit('SIGUSR2', 'SIGUSR2');
    await later(50);
    leave();
    expect(logged).toEqual([
      [{ signal: 'SIGUSR2' }, expect.stringMatching(/failed.*runs on.*another signal/)],
    ]);
    expect(JSON.stringify(logged)).toContain(what);
    expect(JSON.stringify(logged)).not.toContain('4111');
    expect(process.exitCode).toBe(1);
    await later(1100);
  });

  test('a logger that throws changes nothing of that, nor an exit code that was set', async () => {
    const broken = (): never => {
      throw secret();
    };
    process.exitCode = 7;
    const leave = onSignals(['SIGUSR2'], async () => Promise.reject(secret()), {
      ...silentLogger,
      error: broken,
    });
    process.emit('SIGUSR2', 'SIGUSR2');
    await later(50);
    leave();
    expect(process.exitCode).toBe(7);
    await later(1100);
  });

  test('the process goes on with what it has begun, and ends with 1', async () => {
    const { child, output, said, ended } = start([
      process.execPath,
      '--import',
      'tsx',
      join(__dirname, 'failing-stop.ts'),
    ]);
    await said('running');
    child.kill('SIGTERM');
    expect(await ended()).toBe(1);
    expect(output()).toMatch(/^running\n.*SIGTERM failed.*\ngoodbye\n$/);
  }, 60_000);
});

describe('the process itself', () => {
  test('is left as it was once the app has ended, and untouched by an app that was given no signals', async () => {
    const before = process.listenerCount('SIGUSR2');
    const clock = new VirtualClock();
    const broker = new MemoryBroker({ clock });
    broker.createTopic('in', 1);
    const app = createApp({ groupId: 'g', driver: memory({ broker }), signals: ['SIGUSR2'] });
    app.topic('in', { value: string }).subscribe(app.each(() => {}));
    const running = app.run();
    expect(process.listenerCount('SIGUSR2')).toBe(before + 1);
    void app.stop();
    let ended = false;
    void running.then(() => (ended = true));
    while (!ended) {
      clock.flush();
      await new Promise(resolve => setImmediate(resolve));
    }
    expect(process.listenerCount('SIGUSR2')).toBe(before);
  });

  test('is let go a second after a signal, when its echo is over', async () => {
    const heard: string[] = [];
    const leave = onSignals(['SIGUSR2'], signal => void heard.push(signal));
    // Jest's `process` is a copy that no signal reaches.
    process.emit('SIGUSR2', 'SIGUSR2');
    leave();
    process.emit('SIGUSR2', 'SIGUSR2');
    await later(200);
    expect(process.listenerCount('SIGUSR2')).toBe(1);
    await later(1000);
    expect(process.listenerCount('SIGUSR2')).toBe(0);
    expect(heard).toEqual(['SIGUSR2']);
  });
});
