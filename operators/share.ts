import { type MonoTypeOperatorFunction, share as rxShare } from 'rxjs';
import { checkSource } from '../lib/base/check-source.js';
import { FanOut } from '../lib/base/fan-out.js';
import { keeping } from '../lib/codecs/declared.js';

/**
 * rxjs's `share` without options, at half the cost of each record: what several branches are made of. Subscribe every branch
 * before `run()`.
 *
 * ```
 * source         --a--b--|
 * share()
 * first branch   --a--b--|
 * second branch  --a--b--|
 * ```
 *
 * The source is subscribed once, with the first branch, and unsubscribed with the last. A branch that comes late gets what comes
 * after it; one that comes after the end makes the source be subscribed anew. Each record runs through the branches one after
 * the other, in the order in which they were subscribed. For options take rxjs's own, which is as safe.
 *
 * @example
 * ```ts
 * const masked$ = purchases$.pipe(mask('cardNumber'), share());
 * ```
 * @category Operators @since 0.1.0
 */
export function share<T>(): MonoTypeOperatorFunction<T> {
  const shared: MonoTypeOperatorFunction<T> = rxShare({ connector: () => new FanOut<T>() });
  return source => {
    checkSource('share', source);
    return keeping(source, shared(source));
  };
}
