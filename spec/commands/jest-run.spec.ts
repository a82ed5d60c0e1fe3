import { count } from './jest-run.js';

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
