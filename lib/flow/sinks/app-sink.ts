import type { Observer } from 'rxjs';
import { forAllCopies } from '../../base/for-all-copies.js';
import { kind, required, written } from '../../base/option-kinds.js';
import type { Kind } from '../../base/option-schema.js';

/**
 * What `app.to`, `app.store` and `app.each` make: an Observer that says when it is done with a record. Of another Observer nobody
 * knows, so where records are to go on afterwards (`through`) only these will do.
 *
 * @category Sinks @since 0.1.0
 */
export interface AppSink<R> extends Observer<R> {
  /** Nothing but a sink of an app has it; what looks like one and is none is refused where it is wired. */
  readonly isAppSink: true;
}

/** One for all copies of the library in a process: a sink of the one may stand in an operator of the other. */
const sinks = forAllCopies('kafka-rx.sinks', new WeakSet<object>());

/** Notes that this very object, and no copy of it, leases what it is handed. */
export function noteAppSink(sink: object): void {
  sinks.add(sink);
}

const wants = 'a sink of the app (made by app.to, app.store or app.each)';

export const appSinkKind: Kind = required(
  kind(wants, value => {
    if (((typeof value === 'object' && value !== null) || typeof value === 'function') && sinks.has(value))
      return true;
    const { what } = written(wants, value);
    return {
      path: '',
      what,
      remedy:
        'Give it app.to, app.store or app.each, which say when they are done with a record; work of your own belongs into ' +
        'app.each or mapAsync, and what only looks at records into peek',
    };
  }),
);
