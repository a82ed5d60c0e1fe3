import { type RunHelpers, TestScheduler } from 'rxjs/testing';
import { call, required } from '../base/option-kinds.js';
import { checkArgument } from '../base/option-schema.js';
import { plain } from './plain.js';

/** As much of jest's or vitest's `expect` as is used here. */
export type Expect = (actual: unknown) => { toEqual(expected: unknown): void };

/**
 * Runs marble tests in virtual time, comparing records by their plain forms: key, value, headers, timestamp and
 * coordinates.
 *
 * @param expect the test runner's own
 * @example
 * ```ts
 * test('doubles', () =>
 *   marbles(expect)(({ hot, expectObservable }) => {
 *     const source = hot('--a--b|', { a: testRecord({ value: 1 }), b: testRecord({ value: 2 }) });
 *     expectObservable(source.pipe(mapValue(n => n * 2))).toBe('--x--y|', {
 *       x: testRecord({ value: 2 }),
 *       y: testRecord({ value: 4 }),
 *     });
 *   }));
 * ```
 * @category Testing @since 0.1.0
 */
export function marbles(expect: Expect): <T>(test: (helpers: RunHelpers) => T) => T {
  checkArgument('marbles', 'expect', required(call), expect);
  return test => {
    checkArgument('marbles', 'the test', required(call), test);
    return new TestScheduler((actual, expected) => expect(plain(actual)).toEqual(plain(expected))).run(test);
  };
}
