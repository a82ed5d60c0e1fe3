/** As rxjs's own do, every operator of ours stops a source that emits inside its `subscribe` once nobody wants more. */
import { commitInOrder, type KafkaRecord } from 'kafka-rx';
import {
  batch,
  branch,
  commitTo,
  filterValue,
  flatMapValue,
  mapAsync,
  mapKey,
  mapRecord,
  mapValue,
  mask,
  mergeNamed,
  peek,
  project,
  share,
  through,
  tokenize,
} from 'kafka-rx/operators';
import { deliver, testRecord } from 'kafka-rx/testing';
import { EMPTY, first, map, Observable, type OperatorFunction, of, take, throwError } from 'rxjs';
import { scriptedSink } from './scripted-sink.js';

/** Where it would never end, it does after so many. */
const far = 5000;

/** As many as are wanted, and counts them. */
function endless<T>(make: (n: number) => T): {
  readonly source: Observable<T>;
  readonly emitted: () => number;
} {
  let emitted = 0;
  const source = new Observable<T>(subscriber => {
    for (let n = 0; n < far && !subscriber.closed; n++) {
      emitted++;
      subscriber.next(make(n));
    }
    subscriber.complete();
  });
  return { source, emitted: () => emitted };
}

type Value = { readonly n: number; readonly card: string };
type Rec = KafkaRecord<null, Value>;
const recordOf = (n: number): Rec => testRecord({ offset: n, value: { n, card: '4111111111111111' } });
const key = Buffer.alloc(32, 1);

const operators: Record<string, OperatorFunction<Rec, unknown>> = {
  mapValue: mapValue(value => value),
  mapKey: mapKey(() => 'k'),
  mapRecord: mapRecord(record => record),
  filterValue: filterValue(() => true),
  flatMapValue: flatMapValue(value => [value, value, value]),
  project: project(value => value.n),
  peek: peek(() => {}),
  mask: mask('card'),
  tokenize: tokenize('card', { key }),
  share: share(),
  batch: batch(records => records.length, { maxRecords: 1 }),
  'mapAsync of something there': mapAsync(value => of(value)),
  mergeNamed: source => mergeNamed('both', source, EMPTY),
  branch: source => branch(source, { all: () => true }).all,
  'several in a row': source =>
    source.pipe(
      mapValue(value => value),
      filterValue(() => true),
      peek(() => {}),
    ),
};

describe.each(Object.entries(operators))('%s', (_, operator) => {
  test.each([1, 3])('stops its source at take(%i)', wanted => {
    const { source, emitted } = endless(recordOf);
    const got: unknown[] = [];
    deliver(source)
      .records$.pipe(operator, take(wanted))
      .subscribe(value => got.push(value));
    expect(got).toHaveLength(wanted);
    expect(emitted()).toBeLessThanOrEqual(wanted);
  });

  test('stops its source when its subscriber leaves from inside', () => {
    const { source, emitted } = endless(recordOf);
    deliver(source).records$.pipe(operator, first()).subscribe();
    expect(emitted()).toBe(1);
  });

  test('hears nothing after an error behind it', () => {
    const { source, emitted } = endless(recordOf);
    let failed = 0;
    deliver(source)
      .records$.pipe(
        operator,
        map(() => {
          throw new Error('behind it');
        }),
      )
      .subscribe({ error: () => failed++ });
    expect([failed, emitted()]).toEqual([1, 1]);
  });

  test('passes on an error and an end of its source', () => {
    let seen: unknown;
    throwError(() => 'before it')
      .pipe(operator as OperatorFunction<never, unknown>)
      .subscribe({ error: error => (seen = error) });
    expect(seen).toBe('before it');
    let ended = false;
    EMPTY.pipe(operator as OperatorFunction<never, unknown>).subscribe({ complete: () => (ended = true) });
    expect(ended).toBe(true);
  });
});

test('mapAsync stops what its function gave, too', () => {
  const { source, emitted } = endless(n => n);
  const delivered = deliver(of(recordOf(0)));
  delivered.records$
    .pipe(
      mapAsync(() => source),
      take(2),
    )
    .subscribe();
  expect(emitted()).toBe(2);
});

test('through stops its source', () => {
  const { source, emitted } = endless(recordOf);
  const sink = scriptedSink({ next: () => {}, error: () => {}, complete: () => {} });
  deliver(source).records$.pipe(through(sink), take(1)).subscribe();
  expect(emitted()).toBeLessThanOrEqual(2);
});

test('deliver stops its source', () => {
  const { source, emitted } = endless(recordOf);
  deliver(source).records$.pipe(take(1)).subscribe();
  expect(emitted()).toBe(1);
});

test('commitInOrder and commitTo stop their source', async () => {
  const lane = { topic: 't', partition: 0, epoch: 1, slot: 0 };
  const { source, emitted } = endless(n => ({ kind: 'settled', lane, sequence: n, offset: n }) as const);
  source.pipe(commitInOrder(), take(2)).subscribe();
  expect(emitted()).toBe(2);
  const points = endless(n => ({ topic: 't', partition: 0, epoch: 1, offset: n }));
  const done = new Observable(subscriber => {
    const inner = points.source
      .pipe(commitTo({ commit: async () => {} }, { every: 1 }))
      .subscribe(subscriber);
    return inner;
  });
  done.pipe(take(1)).subscribe();
  expect(points.emitted()).toBeGreaterThan(0);
});
