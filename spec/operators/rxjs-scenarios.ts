/** One scenario for each row of the tables in docs/operators.md: an operator between a source and a sink, and what comes of it. */
import * as rx from 'rxjs';
import * as ops from 'rxjs/operators';
import type { ErrorCode } from '../../lib/errors/errors.js';
import type { KafkaRecord } from '../../lib/record/record.js';
import { testRecord } from '../../lib/testing/index.js';

export type Numbers = KafkaRecord<Buffer | null, number>;
export type Source = rx.Observable<Numbers>;
/** What may reach the sink: records of numbers, whatever their keys. */
export type Result = rx.Observable<KafkaRecord<unknown, number>>;

export interface Surroundings {
  /** A second topic, read by a sink of its own as well. */
  other(): Source;
  /** Time that moves only when the test lets it. */
  readonly time: rx.VirtualTimeScheduler;
  /** Subscribes another sink when the first records have passed. */
  late(stream: Result): void;
}

export type Operation = (source: Source, surroundings: Surroundings) => Result;

/** The topic `in` holds 1, 2, 3, 4; `other` 10 and 20, after the second and the fourth. */
export type Scenario =
  | { readonly class: 'safe'; readonly written: readonly number[]; readonly operation: Operation }
  | { readonly class: 'loud'; readonly code: ErrorCode; readonly operation: Operation }
  | {
      readonly class: 'lossy';
      readonly written: readonly number[];
      readonly lost: number;
      readonly operation: Operation;
    }
  | {
      readonly class: 'lossy';
      readonly replayed: readonly number[];
      readonly operation: (source: Source) => Result;
    };

const all = [1, 2, 3, 4];
const both = [1, 2, 10, 3, 4, 20];

const safe = (operation: Operation, written: readonly number[] = all): Scenario => ({
  class: 'safe',
  written,
  operation,
});
const loud = (code: ErrorCode, operation: Operation): Scenario => ({ class: 'loud', code, operation });
const outside = (operation: Operation) => loud('OUTSIDE_DISPATCH_WINDOW', operation);
const ends = (operation: Operation) => loud('SINK_ENDED', operation);
const strange = (operation: Operation) => loud('WITHOUT_DELIVERY', operation);
/** Commits everything and writes only this; `lost` is one of those that are gone. */
const loses = (operation: Operation, written: readonly number[] = [], lost = 4): Scenario => ({
  class: 'lossy',
  written,
  lost,
  operation,
});
/** Gives for records that come again after 1, 2, 3 something else than when it sees them first. */
const remembers = (
  operation: (source: Source) => Result,
  replayed: readonly number[] = [1, 2, 3],
): Scenario => ({
  class: 'lossy',
  replayed,
  operation,
});

const stranger = testRecord<number, Buffer | null>({ value: 99 });
const value = ({ value }: Numbers) => value;
const isEven = ({ value }: KafkaRecord<unknown, number>) => value % 2 === 0;
/** For operators that give no records: what counts is when they end. */
const nothing = rx.mergeMap<unknown, rx.Observable<never>>(() => rx.EMPTY);
const lastOf = rx.mergeMap((records: readonly Numbers[]) => records.slice(-1));
const sumOf = rx.mergeMap((records: readonly Numbers[]) =>
  records.slice(-1).map(last => last.withValue(records.reduce((sum, { value }) => sum + value, 0))),
);
const breaksAt2 = rx.map((record: Numbers) => {
  if (record.value === 2) throw new Error('2');
  return record;
});
const later = (record: Numbers, time: rx.VirtualTimeScheduler) =>
  rx.timer(1, time).pipe(rx.map(() => record));
const busy = (record: Numbers) => rx.concat(rx.of(record), rx.NEVER);
const lastOfEach = rx.mergeMap((window: rx.Observable<Numbers>) => window.pipe(rx.takeLast(1)));
const sum = (before: Numbers, record: Numbers) => record.withValue(before.value + record.value);

export const operators: Readonly<Record<string, Scenario>> = {
  audit: loses(s => s.pipe(rx.audit(() => rx.NEVER))),
  auditTime: loses((s, { time }) => s.pipe(rx.auditTime(10, time))),
  buffer: loses(s => s.pipe(rx.buffer(rx.NEVER), lastOf)),
  bufferCount: loses(s => s.pipe(rx.bufferCount(3), sumOf), [6]),
  bufferTime: loses((s, { time }) => s.pipe(rx.bufferTime(10, null, 3, time), sumOf), [6]),
  bufferToggle: loses(s =>
    s.pipe(
      rx.bufferToggle(rx.of(0), () => rx.NEVER),
      lastOf,
    ),
  ),
  bufferWhen: loses(s =>
    s.pipe(
      rx.bufferWhen(() => rx.NEVER),
      lastOf,
    ),
  ),
  catchError: loses(
    s =>
      s.pipe(
        breaksAt2,
        rx.catchError((_, caught) => caught),
      ),
    [1, 3, 4],
    2,
  ),
  combineAll: loses(s =>
    s.pipe(
      rx.map(r => rx.of(r)),
      ops.combineAll(),
      lastOf,
    ),
  ),
  combineLatest: loses(s => s.pipe(ops.combineLatest([rx.NEVER as Source]), lastOf)),
  combineLatestAll: loses(s =>
    s.pipe(
      rx.map(r => rx.of(r)),
      rx.combineLatestAll(),
      lastOf,
    ),
  ),
  combineLatestWith: loses(s => s.pipe(rx.combineLatestWith(rx.NEVER as Source), lastOf)),
  concat: loses((s, { other }) => s.pipe(ops.concat(other())), all, 20),
  concatAll: loses(s => s.pipe(rx.map(busy), rx.concatAll()), [1], 2),
  concatMap: loses(s => s.pipe(rx.concatMap(busy)), [1], 2),
  concatMapTo: strange(s => s.pipe(rx.concatMapTo(rx.of(stranger)))),
  concatWith: loses((s, { other }) => s.pipe(rx.concatWith(other())), all, 20),
  connect: safe(s =>
    s.pipe(
      rx.connect(shared => rx.merge(shared.pipe(rx.filter(isEven)), shared.pipe(rx.filter(r => !isEven(r))))),
    ),
  ),
  count: loses(s => s.pipe(rx.count(), nothing)),
  debounce: loses(s => s.pipe(rx.debounce(() => rx.NEVER))),
  debounceTime: loses((s, { time }) => s.pipe(rx.debounceTime(10, time))),
  defaultIfEmpty: safe(s => s.pipe(rx.defaultIfEmpty(stranger))),
  delay: outside((s, { time }) => s.pipe(rx.delay(10, time))),
  delayWhen: outside((s, { time }) => s.pipe(rx.delayWhen(() => rx.timer(10, time)))),
  dematerialize: safe(s => s.pipe(rx.materialize(), rx.dematerialize())),
  distinct: remembers(s => s.pipe(rx.distinct(value))),
  distinctUntilChanged: remembers(s => s.pipe(rx.distinctUntilChanged((a, b) => a.value === b.value)), [3]),
  distinctUntilKeyChanged: remembers(s => s.pipe(rx.distinctUntilKeyChanged('value')), [3]),
  elementAt: ends(s => s.pipe(rx.elementAt(1))),
  endWith: safe(s => s.pipe(rx.endWith(stranger))),
  every: loses(s =>
    s.pipe(
      rx.every(({ value }) => value < 99),
      nothing,
    ),
  ),
  exhaust: loses(s => s.pipe(rx.map(busy), ops.exhaust()), [1], 2),
  exhaustAll: loses(s => s.pipe(rx.map(busy), rx.exhaustAll()), [1], 2),
  exhaustMap: loses(s => s.pipe(rx.exhaustMap(busy)), [1], 2),
  expand: loses(s => s.pipe(rx.expand(() => rx.NEVER, 1)), [1], 2),
  filter: safe(s => s.pipe(rx.filter(isEven)), [2, 4]),
  finalize: safe(s => s.pipe(rx.finalize(() => {}))),
  find: ends(s => s.pipe(rx.find(isEven), nothing)),
  findIndex: ends(s => s.pipe(rx.findIndex(isEven), nothing)),
  first: ends(s => s.pipe(rx.first())),
  flatMap: loses(s => s.pipe(ops.flatMap(busy, 1)), [1], 2),
  groupBy: safe(s =>
    s.pipe(
      rx.groupBy(isEven),
      rx.mergeMap(group => group),
    ),
  ),
  ignoreElements: safe(s => s.pipe(rx.ignoreElements()), []),
  isEmpty: ends(s => s.pipe(rx.isEmpty(), nothing)),
  last: loses(s => s.pipe(rx.last())),
  map: safe(s => s.pipe(rx.map(r => r.withValue(r.value * 2))), [2, 4, 6, 8]),
  mapTo: strange(s => s.pipe(rx.mapTo(stranger))),
  materialize: safe(s =>
    s.pipe(
      rx.materialize(),
      rx.mergeMap(n => (n.kind === 'N' ? [n.value] : [])),
    ),
  ),
  max: loses(s => s.pipe(rx.max((a, b) => a.value - b.value))),
  merge: loses((s, { other }) => s.pipe(ops.merge(rx.NEVER, other(), 2)), all, 20),
  mergeAll: loses((s, { other }) => rx.of(s, rx.NEVER, other()).pipe(rx.mergeAll(2)), all, 20),
  mergeMap: loses(s => s.pipe(rx.mergeMap(busy, 1)), [1], 2),
  mergeMapTo: strange(s => s.pipe(rx.mergeMapTo(rx.of(stranger)))),
  mergeScan: remembers(s => s.pipe(rx.mergeScan((before: Numbers, r) => rx.of(sum(before, r)), stranger))),
  mergeWith: safe((s, { other }) => s.pipe(rx.mergeWith(other())), both),
  min: loses(s => s.pipe(rx.min((a, b) => a.value - b.value))),
  multicast: safe(s =>
    s.pipe(
      ops.multicast(() => new rx.Subject<Numbers>()),
      rx.refCount(),
    ),
  ),
  observeOn: outside((s, { time }) => s.pipe(rx.observeOn(time))),
  onErrorResumeNext: loses(s => s.pipe(breaksAt2, ops.onErrorResumeNext(s)), [1, 3, 4], 2),
  onErrorResumeNextWith: loses(s => s.pipe(breaksAt2, rx.onErrorResumeNextWith(s)), [1, 3, 4], 2),
  pairwise: remembers(s =>
    s.pipe(
      rx.pairwise(),
      rx.map(([a, b]) => sum(a, b)),
    ),
  ),
  partition: safe(s => rx.merge(...ops.partition(isEven)(s))),
  // What does not compile may be written without types.
  pluck: strange(s => s.pipe(rx.pluck('value')) as rx.Observable<unknown> as Result),
  publish: safe(s => s.pipe(ops.publish(), rx.refCount())),
  publishBehavior: strange(s => s.pipe(ops.publishBehavior(stranger), rx.refCount())),
  publishLast: loses(s => s.pipe(ops.publishLast(), rx.refCount())),
  publishReplay: outside((s, { late }) => {
    const shared = s.pipe(ops.publishReplay(1), rx.refCount());
    late(shared);
    return shared;
  }),
  race: loses((s, { other }) => s.pipe(ops.race(other())), all, 20),
  raceWith: loses((s, { other }) => s.pipe(rx.raceWith(other())), all, 20),
  reduce: loses(s => s.pipe(rx.reduce(sum))),
  refCount: safe(s => s.pipe(ops.publish(), rx.refCount())),
  repeat: safe(s => s.pipe(rx.repeat())),
  repeatWhen: safe(s => s.pipe(rx.repeatWhen(completions => completions))),
  retry: loses(s => s.pipe(breaksAt2, rx.retry()), [1, 3, 4], 2),
  retryWhen: loses(
    s =>
      s.pipe(
        breaksAt2,
        rx.retryWhen(errors => errors),
      ),
    [1, 3, 4],
    2,
  ),
  sample: loses(s => s.pipe(rx.sample(rx.NEVER))),
  sampleTime: loses((s, { time }) => s.pipe(rx.sampleTime(10, time))),
  scan: remembers(s => s.pipe(rx.scan(sum))),
  sequenceEqual: loses(s => s.pipe(rx.sequenceEqual<Numbers>(rx.NEVER), nothing)),
  share: safe(s => {
    const shared = s.pipe(rx.share());
    return rx.merge(shared.pipe(rx.filter(isEven)), shared.pipe(rx.filter(r => !isEven(r))));
  }),
  shareReplay: outside((s, { late }) => {
    const shared = s.pipe(rx.shareReplay(1));
    late(shared);
    return shared;
  }),
  single: loses(s => s.pipe(rx.single(({ value }) => value === 2)), [], 2),
  skip: remembers(s => s.pipe(rx.skip(2))),
  skipLast: outside(s => s.pipe(rx.skipLast(1))),
  skipUntil: loses(s => s.pipe(rx.skipUntil(rx.NEVER))),
  skipWhile: remembers(s => s.pipe(rx.skipWhile(({ value }) => value < 2))),
  startWith: strange(s => s.pipe(rx.startWith(stranger))),
  subscribeOn: loses((s, { time }) => s.pipe(rx.subscribeOn(time))),
  switchAll: loses((s, { time }) =>
    s.pipe(
      rx.map(r => later(r, time)),
      rx.switchAll(),
    ),
  ),
  switchMap: loses((s, { time }) => s.pipe(rx.switchMap(r => later(r, time)))),
  switchMapTo: loses(s => s.pipe(rx.switchMapTo(rx.NEVER as Source))),
  switchScan: remembers(s =>
    s.pipe(rx.switchScan((before: Numbers, r: Numbers) => rx.of(sum(before, r)), stranger)),
  ),
  take: ends(s => s.pipe(rx.take(2))),
  takeLast: loses(s => s.pipe(rx.takeLast(2))),
  takeUntil: ends((s, { other }) => s.pipe(rx.takeUntil(other()))),
  takeWhile: ends(s => s.pipe(rx.takeWhile(({ value }) => value < 3))),
  tap: safe(s => s.pipe(rx.tap(() => {}))),
  throttle: loses(s => s.pipe(rx.throttle(() => rx.NEVER)), [1], 2),
  throttleTime: loses((s, { time }) => s.pipe(rx.throttleTime(10, time)), [1], 2),
  throwIfEmpty: safe(s => s.pipe(rx.throwIfEmpty())),
  timeInterval: safe(s =>
    s.pipe(
      rx.timeInterval(),
      rx.map(({ value }) => value),
    ),
  ),
  timeout: loud('PROCESS', (s, { time }) => s.pipe(rx.timeout({ each: 10, scheduler: time }))),
  timeoutWith: ends((s, { time }) => s.pipe(rx.timeoutWith(10, rx.EMPTY, time))),
  timestamp: safe(s =>
    s.pipe(
      rx.timestamp(),
      rx.map(({ value }) => value),
    ),
  ),
  toArray: loses(s => s.pipe(rx.toArray(), lastOf)),
  window: loses(s => s.pipe(rx.window(rx.NEVER), lastOfEach)),
  windowCount: loses(s => s.pipe(rx.windowCount(3), lastOfEach), [3]),
  windowTime: loses((s, { time }) => s.pipe(rx.windowTime(10, time), lastOfEach)),
  windowToggle: loses(s =>
    s.pipe(
      rx.windowToggle(rx.of(0), () => rx.NEVER),
      lastOfEach,
    ),
  ),
  windowWhen: loses(s =>
    s.pipe(
      rx.windowWhen(() => rx.NEVER),
      lastOfEach,
    ),
  ),
  withLatestFrom: loses(s =>
    s.pipe(
      rx.withLatestFrom(rx.NEVER),
      rx.map(([record]) => record),
    ),
  ),
  zip: loses(
    (s, { other }) =>
      s.pipe(
        ops.zip(other()),
        rx.map(([a, b]) => sum(a, b)),
      ),
    [11, 22],
  ),
  zipAll: loses(s =>
    s.pipe(
      rx.map(r => rx.of(r)),
      rx.zipAll(),
      lastOf,
    ),
  ),
  zipWith: loses(
    (s, { other }) =>
      s.pipe(
        rx.zipWith(other()),
        rx.map(([a, b]) => sum(a, b)),
      ),
    [11, 22],
  ),
};

export const functions: Readonly<Record<string, Scenario>> = {
  combineLatest: loses(s => rx.combineLatest([s, rx.NEVER as Source]).pipe(lastOf)),
  concat: loses((s, { other }) => rx.concat(s, other()), all, 20),
  forkJoin: loses(s => rx.forkJoin([s]).pipe(lastOf)),
  merge: loses((s, { other }) => rx.merge(s, rx.NEVER, other(), 2), all, 20),
  partition: safe(s => rx.merge(...rx.partition(s, isEven))),
  race: loses((s, { other }) => rx.race(s, other()), all, 20),
  zip: loses((s, { other }) => rx.zip(s, other()).pipe(rx.map(([a, b]) => sum(a, b))), [11, 22]),
};

/** Rows whose class depends on the arguments say the worst; what their text says of the others holds too. */
export const milder: Readonly<Record<string, Scenario>> = {
  'concatAll of what emits later': outside((s, { time }) =>
    s.pipe(
      rx.map(r => later(r, time)),
      rx.concatAll(),
    ),
  ),
  'concatMap to what emits later': outside((s, { time }) => s.pipe(rx.concatMap(r => later(r, time)))),
  'expand to what emits later': outside((s, { time }) =>
    s.pipe(rx.expand(r => (r.value < 9 ? later(r.withValue(r.value * 10), time) : rx.EMPTY))),
  ),
  'flatMap to what emits later': outside((s, { time }) => s.pipe(ops.flatMap(r => later(r, time)))),
  'mergeAll of what emits later': outside((s, { time }) =>
    s.pipe(
      rx.map(r => later(r, time)),
      rx.mergeAll(),
    ),
  ),
  'mergeMap to what emits later': outside((s, { time }) => s.pipe(rx.mergeMap(r => later(r, time)))),
  'concatMap to an array': safe(s => s.pipe(rx.concatMap(r => [r]))),
  'mergeMap to an array, one at a time': safe(s => s.pipe(rx.mergeMap(r => [r], 1))),
  'mergeAll of topics without a number': safe((s, { other }) => rx.of(s, other()).pipe(rx.mergeAll()), both),
  'merge without a number': safe((s, { other }) => rx.merge(s, other()), both),
  'the operator merge without a number': safe((s, { other }) => s.pipe(ops.merge(other())), both),
};
