import { count, runJest, suiteTimes } from './jest-run.js';

const suite = (status: string, tests: readonly string[], message = '') => ({
  name: 'a.spec.ts',
  status,
  message,
  assertionResults: tests.map((one, index) => ({ fullName: `test ${index}`, status: one })),
});

const green = { success: true, numPassedTests: 1, numFailedTests: 0, numRuntimeErrorTestSuites: 0 };

describe('what jest reports', () => {
  test('counts a suite that cannot be loaded as a failure', () => {
    const testResults = [suite('passed', ['passed']), suite('failed', [], 'Cannot find module')];
    const report = { ...green, success: false, numRuntimeErrorTestSuites: 1, testResults };
    const expected = { passed: 1, failed: 1, skipped: [], failures: ['Cannot find module'] };
    expect(count(report, 'jest.config.mjs', 1)).toEqual(expected);
  });

  test('counts what did not run as skipped, by name', () => {
    const testResults = [suite('passed', ['passed', 'pending', 'todo'])];
    const { failed, skipped } = count({ ...green, testResults }, 'jest.config.mjs', 0);
    expect({ failed, skipped }).toEqual({ failed: 0, skipped: ['test 1', 'test 2'] });
  });

  test.each([
    ['ended with another exit code', { ...green, testResults: [] }, 1],
    ['was killed after its last test', { ...green, testResults: [] }, undefined],
    ['did not succeed', { ...green, success: false, testResults: [] }, 0],
  ])('is a failure where no test failed and jest %s', (_how, report, code) => {
    expect(count(report, 'jest.config.mjs', code)).toMatchObject({
      failed: 1,
      failures: [expect.any(String)],
    });
  });
});

test('a run is told with its slowest suites, and with those that had not ended when it was killed', () => {
  const notes = [
    { suite: '/a/spec/x.spec.ts', began: 1_000 },
    { suite: '/a/spec/y.spec.ts', began: 2_000 },
    { suite: '/a/spec/x.spec.ts', tookMs: 4_200 },
    { suite: '/a/spec/z.spec.ts', began: 6_000 },
    { suite: '/a/spec/z.spec.ts', tookMs: 9_000 },
  ];
  const lines = notes.map(note => `${JSON.stringify(note)}\n`).join('');
  expect(suiteTimes(lines, 20_000, 21_000)).toBe(
    '2 suites ended in 20.0 s; slowest: spec/z.spec.ts 9.0 s, spec/x.spec.ts 4.2 s; not ended: spec/y.spec.ts for 19.0 s',
  );
});

/** A jest of its own, beside all others of a busy machine. */
const boundMs = 120_000;

test(
  'suites that are named are run, and no others',
  async () => {
    const run = await runJest('jest.config.mjs', ['spec/card/redact.spec.ts'], false, Date.now() + boundMs);
    expect(run).toMatchObject({ failed: 0, failures: [], skipped: [] });
    expect(run.passed).toBeGreaterThan(0);
    expect(run.took).toMatch(
      /^jest\.config\.mjs: 1 suites ended in .*; slowest: spec\/card\/redact\.spec\.ts /,
    );
  },
  2 * boundMs,
);
