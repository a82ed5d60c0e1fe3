import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { runWorkers } from 'kafka-rx/workers';

/** In a process of its own, since jest does not compile for the threads that a test starts. */
function program(data: unknown, ...more: readonly string[]) {
  const args = ['--import', 'tsx', 'spec/app/workers/program.ts', JSON.stringify(data), ...more];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', chunk => {
    stdout += chunk;
  });
  child.stderr.on('data', chunk => {
    stderr += chunk;
  });
  const ended = new Promise<number | null>(resolve => child.on('close', resolve));
  const ready = new Promise<void>(resolve => child.stdout.once('data', () => resolve()));
  return {
    child,
    ready,
    ended,
    result: () => JSON.parse(stdout.trim().split('\n').at(-1) ?? ''),
    stderr: () => stderr,
  };
}

const signals: NodeJS.Signals[] = ['SIGTERM'];

/** Data that throws from its n-th reading on. */
function changing(n: number): object {
  let reads = 0;
  return {
    get late() {
      if (++reads >= n) throw new Error('4111111111111111');
      return 1;
    },
  };
}

const stopped = { state: 'stopped', ready: false, live: true };

test('each worker runs an app of its own; health, metrics and stop are one', async () => {
  const run = program({});
  expect([await run.ended, run.stderr()]).toEqual([0, '']);
  const seen = run.result();
  expect(seen.first).toEqual({
    state: 'wiring',
    ready: false,
    live: true,
    reasons: ['worker 0: it has not started yet', 'worker 1: it has not started yet'],
  });
  expect(seen.running).toEqual({ state: 'running', ready: true, live: true, reasons: [] });
  expect(seen.last).toMatchObject(stopped);
  expect([seen.consumed, seen.produced, seen.failure]).toEqual([20, 20, undefined]);
  expect(seen.inFlight).toEqual(['kafka_rx_in_flight_records', 'kafka_rx_in_flight_bytes']);
  expect(seen.states).toEqual(
    [0, 1].flatMap(worker =>
      ['running', 'starting', 'stopped', 'stopping'].map(state => `${worker} ${state}`),
    ),
  );
});

test('under exactly once each worker has the units of its tasks, whose commits are counted together', async () => {
  const run = program({ guarantee: 'exactly-once' });
  expect([await run.ended, run.stderr()]).toEqual([0, '']);
  const seen = run.result();
  expect(seen.running).toEqual({ state: 'running', ready: true, live: true, reasons: [] });
  expect(seen.last).toMatchObject(stopped);
  expect([seen.consumed, seen.produced, seen.failure]).toEqual([20, 20, undefined]);
  // A unit or more of each partition, and none that failed.
  expect(seen.commits.confirmed).toBeGreaterThanOrEqual(4);
  expect(Object.keys(seen.commits)).toEqual(['confirmed']);
});

test('one whose event loop is blocked is not ready, with the reason, until it is heard again', async () => {
  const run = program({ blocksLater: 1 });
  expect([await run.ended, run.stderr()]).toEqual([0, '']);
  const { reasons, readyWhileSilent, running, last } = run.result();
  expect(reasons).toContainEqual('worker 1: it has said nothing for');
  expect(readyWhileSilent).toBe(false);
  expect(running).toEqual({ state: 'running', ready: true, live: true, reasons: [] });
  expect(last).toMatchObject(stopped);
}, 30_000);

test('a signal drains and stops them all', async () => {
  const run = program({}, 'wait');
  await run.ready;
  run.child.kill('SIGTERM');
  expect([await run.ended, run.stderr()]).toEqual([0, '']);
  expect(run.result().last).toMatchObject(stopped);
});

test('when one fails, the others stop, and the failure keeps its code and coordinates, not the value', async () => {
  const run = program({ fails: 1 });
  expect(await run.ended).toBe(0);
  const { failure, states, last } = run.result();
  expect(failure).toMatchObject({ code: 'PROCESS', at: { topic: 'in', offset: 0 } });
  expect(failure.message).toContain("The function of 'mapValue' threw Error (topic in, partition");
  expect(states).toEqual(expect.arrayContaining(['0 stopped', '1 failed']));
  expect(last).toMatchObject({ state: 'failed', live: false });
  expect(JSON.stringify(run.result()) + run.stderr()).not.toContain('4111');
});

test.each([
  ['throws while it builds', { throws: 0 }, 0, 'TypeError'],
  ['exits before it has an app', { exits: 1 }, 1, 'exit code 7'],
  ['exits', { dies: [0, 'exit 3'] }, 0, 'exit code 3'],
  ['exits as if all were well', { dies: [0, 'exit 0'] }, 0, 'exit code 0'],
  ['throws outside its app', { dies: [1, 'throw'] }, 1, 'RangeError'],
])('a worker that %s stops the others, and is not healthy ever after', async (_, data, index, how) => {
  const run = program(data);
  expect(await run.ended).toBe(0);
  expect(run.result().failure.code).toBe('WORKER');
  expect(run.result().failure.message).toContain(`ended by something else than its app (${how})`);
  expect(run.result().states).toContainEqual(`${1 - index} stopped`);
  expect(run.result().last).toMatchObject({ state: 'failed', live: false, ready: false });
  const sentence = `worker ${index}: its thread ended by something else than its app (${how})`;
  expect(run.result().last.reasons).toContainEqual(sentence);
  expect(JSON.stringify(run.result().last.reasons)).not.toContain('has not started yet');
  expect(JSON.stringify(run.result()) + run.stderr()).not.toContain('4111');
});

test.each(['undefined', 'null', 'an object', 'a part of an app', 'an object that cannot be read'])(
  'a worker whose function gives %s and no app says so',
  async given => {
    const run = program({ gives: [1, given] });
    expect(await run.ended).toBe(0);
    const { failure, last, states } = run.result();
    const shown = given === 'a part of an app' ? 'an object' : given;
    expect(failure).toMatchObject({
      code: 'CONFIGURATION',
      message: `The function of serveWorker gave ${shown}, and no app. Return the app from it: serveWorker(() => { …; return app; })`,
    });
    expect(last).toMatchObject({ state: 'failed', live: false, ready: false });
    expect(last.reasons).toContainEqual(
      `worker 1: it ended with an error of its own: The function of serveWorker gave ${shown}, and no app`,
    );
    expect(states).toContainEqual('0 stopped');
    expect(JSON.stringify(run.result()) + run.stderr()).not.toContain('4111');
  },
);

test('a stop ends a worker that is still building its app', async () => {
  const run = program({ neverBuilds: 1 }, 'stop soon');
  expect([await run.ended, run.stderr()]).toEqual([0, '']);
  expect(run.result().failure).toBeUndefined();
  expect(run.result().states).toContainEqual('0 stopped');
  expect(run.result().last).toMatchObject(stopped);
  expect(run.result().last.reasons).toContainEqual('worker 1: it was stopped before it had an app');
});

test('a stop ends a worker that hears nothing any more, and says so', async () => {
  const run = program({ blocks: 1 }, 'stop soon');
  expect([await run.ended, run.stderr()]).toEqual([0, '']);
  expect(run.result().failure).toMatchObject({
    code: 'WORKER',
    message: expect.stringContaining('Worker 1 did not stop'),
  });
  expect(run.result().last).toMatchObject({ state: 'failed', live: false, ready: false });
  expect(run.result().last.reasons).toContainEqual(
    expect.stringMatching(/^worker 1: it did not stop within \d+ ms: its thread was ended$/),
  );
  expect(run.result().states).toContainEqual('0 stopped');
}, 60_000);

const entry = new URL('./worker.mjs', pathToFileURL(__filename));
test.each<[string, () => unknown, string, string]>([
  [
    'a function as data',
    () => runWorkers(entry, 2, { signals, data: () => 4111 }),
    'data must be',
    'CONFIGURATION',
  ],
  [
    'data that holds a function',
    () => runWorkers(entry, 2, { signals, data: { ok: 1, log: () => 4111 } }),
    'data.log must be',
    'CONFIGURATION',
  ],
  [
    'data that throws when it is read',
    () => runWorkers(entry, 2, { signals, data: changing(1) }),
    'data.late must be',
    'CONFIGURATION',
  ],
  [
    'an http entry',
    () => runWorkers(new URL('http://x/y.js'), 1, { signals }),
    "the entry must be the URL of a file, and its protocol is 'http:'",
    'CONFIGURATION',
  ],
  [
    'an entry that is not there',
    () => runWorkers(new URL('file:///nowhere/none.js'), 1, { signals }),
    'the entry must be the URL of a file, and there is none',
    'CONFIGURATION',
  ],
  [
    'an entry on another host',
    () => runWorkers(new URL('file://host/none.js'), 1, { signals }),
    'the entry must be the URL of a file, and there is none',
    'CONFIGURATION',
  ],
  // Read by the check, by the first thread and by the second.
  [
    'a second thread that cannot be made',
    () => runWorkers(entry, 2, { signals, data: changing(3) }),
    'Worker 1 of 2 could not be started',
    'WORKER',
  ],
])('%s leaves no thread and no handler of a signal', async (_, run, message, code) => {
  const terminate = jest.spyOn(Worker.prototype, 'terminate');
  const before = process.listenerCount('SIGTERM');
  let error: unknown;
  try {
    run();
  } catch (thrown) {
    error = thrown;
  }
  expect(process.listenerCount('SIGTERM')).toBe(before);
  expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
  expect(error).toMatchObject({ remedy: expect.any(String) });
  expect(String(error)).not.toContain('4111');
  expect(terminate).toHaveBeenCalledTimes(code === 'WORKER' ? 1 : 0);
  await Promise.all(terminate.mock.results.map(({ value }) => value));
  terminate.mockRestore();
});

test.each([0, -1, 1.5, Number.NaN])('%d workers are refused', count => {
  expect(() => runWorkers(new URL('file:///none.js'), count)).toThrow(
    expect.objectContaining({ code: 'CONFIGURATION' }),
  );
});
