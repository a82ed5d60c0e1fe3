/** What the goldens punctuate: counts by key, handed on and forgotten at each multiple of a time, through `withState` and its timers. */
import { type App, type Codec, number, string } from 'kafka-rx';
import { type Own, type StateOptions, withState } from 'kafka-rx/state';
import type { Observable } from 'rxjs';
import type { KafkaRecord } from '../../../lib/record/record.js';

/** The wall clock of a case. */
export interface CaseClock {
  /** Milliseconds since the case began: what its inputs have moved it by. */
  now(): number;
  /** When that is by the app's clock, in milliseconds since 1970. */
  readonly startAt: number;
}

export interface Punctuating {
  readonly everyMs: number;
  readonly time: 'stream' | 'wall';
  readonly clock: CaseClock;
}

/** Records without a key count for time, and for nothing else. */
const none = '\u0001none';
/** Under which the timer is set. */
const tick = '\u0002tick';

export const keyedOrNone: Codec<string> = {
  name: 'keyed, or none',
  encode: key => string.encode(key),
  decode: (bytes, at) => (bytes === null ? none : string.decode(bytes, at)),
};

export function punctuated(
  app: App,
  records$: Observable<KafkaRecord<string, string | null>>,
  backend: StateOptions<string, unknown>['backend'],
  { everyMs, time, clock }: Punctuating,
): Observable<KafkaRecord<string, number>> {
  const counts = app.state('counts', { key: keyedOrNone, value: number, backend });
  const nextMultiple = (now: number) => Math.floor(now / everyMs) * everyMs + everyMs;
  const setFor = (own: Own<string, number, number>, due: number): void =>
    own.of(tick).timers.set(time === 'stream' ? due : clock.startAt + due, 'tick', { time });
  const onTimer = (_key: string, _due: number, _name: string, own: Own<string, number, number>): void => {
    const now = time === 'stream' ? own.streamTime : clock.now();
    const rows = own.range().filter(([key]) => key !== tick);
    for (const [key, count] of rows) {
      own.emit(count, { key, timestamp: now });
      own.of(key).delete();
    }
    own.emit(rows.length, { key: 'tick', timestamp: now });
    setFor(own, nextMultiple(now));
  };
  return records$.pipe(
    withState<string, string | null, number, number>(
      counts,
      (record, own) => {
        const ticks = own.of(tick);
        if (ticks.get() === undefined) {
          ticks.set(0);
          setFor(own, time === 'stream' ? 0 : nextMultiple(clock.now()));
        }
        if (record.key !== none) own.set((own.get() ?? 0) + 1);
      },
      { onTimer },
    ),
  );
}
