import type { Observer } from 'rxjs';
import { type AppSink, noteAppSink } from '../../lib/flow/sinks/app-sink.js';

/** A sink whose every step a test decides, noted as one of an app is. */
export function scriptedSink<R>(observer: Observer<R>): AppSink<R> {
  noteAppSink(observer);
  // The mark is of the type alone.
  return observer as AppSink<R>;
}
