import type { Subscribable } from 'rxjs';

/** What comes later: nobody waits for it where a function is to give its result at once. */
type Later = PromiseLike<unknown> | Subscribable<unknown> | AsyncIterable<unknown>;

/**
 * Beside the type of a function that gives `T`: compiles only where nothing in `T` comes later. `any` passes, and is looked at
 * when it runs. In code that is itself generic in `T` this is not decided yet: bound it there, or name the type arguments.
 */
export type NotLater<T> = unknown extends T
  ? unknown
  : [Extract<T, Later>] extends [never]
    ? unknown
    : { readonly 'gives its result later: use mapAsync or app.each': never };
