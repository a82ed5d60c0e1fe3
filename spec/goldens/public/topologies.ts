/** What each operation of the goldens is through the library's public API: its topology, from the topics `left` and `right` to `out`. */
import { type App, type Codec, type KafkaRecord, nullable, string } from 'kafka-rx';
import { mergeNamed } from 'kafka-rx/operators';
import {
  aggregate,
  cogroup,
  count,
  counter,
  hopping,
  reduce,
  repartition,
  type SessionWindows,
  type SlidingWindows,
  type State,
  type StateOptions,
  session,
  sliding,
  suppress,
  tumbling,
} from 'kafka-rx/state';
import type { Observable, OperatorFunction } from 'rxjs';
import { type GoldenCase, param } from '../cases.js';
import * as functions from '../functions.js';
import { type CaseClock, keyedOrNone, punctuated } from './punctuated.js';

type Backend = StateOptions<string, unknown>['backend'];
type Source = Observable<KafkaRecord<string | null, string | null>>;
type Keyed = Observable<KafkaRecord<string, string>>;
type GoldenWindows =
  | ReturnType<typeof tumbling>
  | ReturnType<typeof hopping>
  | SlidingWindows
  | SessionWindows;

/** Where a case's topology is made. */
export interface Making {
  readonly app: App;
  readonly of: GoldenCase;
  readonly backend: Backend;
  readonly clock: CaseClock;
}

type Topology = (making: Making) => void;

/** A topic of the inputs of a side. */
function side(
  { app }: Making,
  name: 'left' | 'right',
  timestamp?: (value: string | null, own: number) => number,
): Keyed {
  const records$: Source = app.topic(name, {
    key: nullable(string),
    value: nullable(string),
    onDecodeError: 'skip',
    timestamp,
  });
  // Records may lack a key or a value: that is what some cases are about.
  return records$ as Keyed;
}

const out: Codec<unknown> = {
  name: 'what the goldens print',
  encode: value => (value === null ? null : Buffer.from(JSON.stringify(value))),
  decode: bytes => (bytes === null ? null : JSON.parse(bytes.toString())),
};

/** What a topic of results is read by. */
export const printed = { key: out, value: out };

function print({ app }: Making, results$: Observable<KafkaRecord>): void {
  results$.subscribe(app.to('out', printed));
}

function counts({ app, backend }: Making): State<string, number> {
  return app.state('counts', { key: string, value: counter().codec, backend });
}

function texts({ app, backend }: Making, name = 'texts'): State<string, string> {
  return app.state(name, { key: string, value: string, backend });
}

const aggregating = { ...functions.aggregate, merge: functions.merge };

type Aggregating = 'count' | 'reduce' | 'aggregate';

function folded(
  making: Making,
  kind: string | undefined,
): OperatorFunction<KafkaRecord<string, string>, KafkaRecord> {
  if (kind === 'count') return count(counts(making));
  if (kind === 'reduce') return reduce(texts(making), functions.reduce);
  return aggregate(texts(making), aggregating);
}

function windowed<R = unknown>(
  making: Making,
  kind: string | undefined,
  window: GoldenWindows,
  emit: 'updates' | 'final' = 'updates',
): OperatorFunction<
  KafkaRecord<string, string>,
  KafkaRecord<{ key: string; start: number; end: number }, R>
> {
  // One overload for all windows, which the cases choose from.
  const options = { window: window as SessionWindows, emit };
  const made =
    kind === 'count'
      ? count(counts(making), options)
      : kind === 'reduce'
        ? reduce(texts(making), functions.reduce, options)
        : aggregate(texts(making), { ...aggregating, ...options });
  return made as ReturnType<typeof windowed<R>>;
}

const kinds = ['tumbling', 'hopping', 'sliding', 'session'] as const;

function windowsOf(kind: (typeof kinds)[number], of: GoldenCase): GoldenWindows {
  const options = { graceMs: param(of, 'graceMs'), retentionMs: of.params['retentionMs'] };
  if (kind === 'sliding') return sliding(param(of, 'differenceMs'), options);
  if (kind === 'session') return session(param(of, 'gapMs'), options);
  const sizeMs = param(of, 'sizeMs');
  return kind === 'tumbling'
    ? tumbling(sizeMs, options)
    : hopping(sizeMs, { ...options, advanceMs: param(of, 'advanceMs') });
}

/** All records under the key that their value refers to. */
function regrouped(making: Making): Keyed {
  const internal = making.app.internal('by-reference', { key: string, value: string });
  const reference = (value: string | null) => (value === null ? null : functions.reference(value));
  return side(making, 'left').pipe(repartition(internal, reference));
}

const aggregations: readonly Aggregating[] = ['count', 'reduce', 'aggregate'];

function cogrouped(making: Making, window?: GoldenWindows): void {
  const results$ = cogroup(
    texts(making),
    [
      [side(making, 'left'), functions.aggregate.add],
      [side(making, 'right'), functions.aggregateRight.add],
    ],
    { initial: functions.aggregate.initial, merge: functions.merge, window: window as SessionWindows },
  );
  print(making, results$);
}

function untilTimeLimit(of: GoldenCase) {
  return { until: 'timeLimit', limitMs: param(of, 'limitMs'), maxRecords: of.params['maxRecords'] } as const;
}

function topologiesOfWindows(kind: (typeof kinds)[number]): readonly (readonly [op: string, Topology])[] {
  const folds = aggregations.flatMap(fold =>
    (['update', 'final'] as const).map(
      emit =>
        [
          `${kind}-${fold}-${emit}`,
          (making: Making) =>
            print(
              making,
              side(making, 'left').pipe(
                windowed(making, fold, windowsOf(kind, making.of), emit === 'final' ? 'final' : 'updates'),
              ),
            ),
        ] as const,
    ),
  );
  return [
    ...folds,
    [
      `${kind}-aggregate-final-default-retention`,
      making =>
        print(
          making,
          side(making, 'left').pipe(windowed(making, 'aggregate', windowsOf(kind, making.of), 'final')),
        ),
    ],
    [
      `${kind}-suppress`,
      making => {
        const window = windowsOf(kind, making.of);
        const closed = suppress(texts(making, 'suppressed'), { until: 'windowCloses', window });
        print(
          making,
          side(making, 'left').pipe(windowed<string | null>(making, 'aggregate', window), closed),
        );
      },
    ],
  ];
}

function punctuating(making: Making, time: 'stream' | 'wall'): void {
  const { app, of, backend, clock } = making;
  const records$ = app.topic('left', { key: keyedOrNone, value: nullable(string) });
  print(making, punctuated(app, records$, backend, { everyMs: param(of, 'everyMs'), time, clock }));
}

function time(value: string | null, own: number): number {
  return value === null ? own : Number(value.split('@')[1]);
}

export const topologies: ReadonlyMap<string, Topology> = new Map<string, Topology>([
  ...aggregations.map(
    kind =>
      [kind, (making: Making) => print(making, side(making, 'left').pipe(folded(making, kind)))] as const,
  ),
  ...kinds.flatMap(topologiesOfWindows),
  ...['suppress-limit', 'suppress-limit-max'].map(
    op =>
      [
        op,
        (making: Making) =>
          print(making, side(making, 'left').pipe(suppress(texts(making), untilTimeLimit(making.of)))),
      ] as const,
  ),
  [
    'tumbling-suppress-limit',
    making => {
      const window = windowsOf('tumbling', making.of);
      const { app, backend } = making;
      const suppressed = app.state('suppressed', { key: string, value: counter().codec, backend });
      print(
        making,
        side(making, 'left').pipe(
          windowed<number>(making, 'count', window),
          suppress(suppressed, { ...untilTimeLimit(making.of), window }),
        ),
      );
    },
  ],
  ['cogroup', making => cogrouped(making)],
  ['cogroup-tumbling', making => cogrouped(making, windowsOf('tumbling', making.of))],
  ['cogroup-session', making => cogrouped(making, windowsOf('session', making.of))],
  [
    'merge-aggregate',
    making => {
      const merged$ = mergeNamed('both', side(making, 'left'), side(making, 'right'));
      print(making, merged$.pipe(folded(making, 'aggregate')));
    },
  ],
  ['groupby-count', making => print(making, regrouped(making).pipe(folded(making, 'count')))],
  [
    'groupby-tumbling-aggregate',
    making =>
      print(making, regrouped(making).pipe(windowed(making, 'aggregate', windowsOf('tumbling', making.of)))),
  ],
  [
    'extracted-time-tumbling-count',
    making =>
      print(
        making,
        side(making, 'left', time).pipe(windowed(making, 'count', windowsOf('tumbling', making.of))),
      ),
  ],
  ['punctuate-stream-time', making => punctuating(making, 'stream')],
  ['punctuate-wall-clock', making => punctuating(making, 'wall')],
]);
