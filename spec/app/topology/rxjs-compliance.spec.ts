/** What a plain Observable does, an Observable that knows its place does too. */
import {
  EMPTY,
  firstValueFrom,
  from,
  lastValueFrom,
  map,
  Observable,
  type Observer,
  of,
  Subject,
  Subscriber,
  share,
  switchMap,
  takeUntil,
  toArray,
  zip,
} from 'rxjs';
import { TopologyGraph } from '../../../lib/app/topology/graph.js';
import {
  operatorObservable,
  placed,
  TopologyObservable,
} from '../../../lib/app/topology/topology-observable.js';

const graph = new TopologyGraph();
const place = { graph, node: graph.add('source', 'in') };
const observable = <T>(subscribe: (subscriber: Subscriber<T>) => (() => void) | undefined): Observable<T> =>
  new TopologyObservable<T>(place, subscribe);
const numbers = (...values: number[]): Observable<number> =>
  observable(subscriber => {
    for (const value of values) subscriber.next(value);
    subscriber.complete();
    return undefined;
  });

describe('an Observable with a place', () => {
  test('is an Observable, also through an operator', () => {
    expect(numbers(1)).toBeInstanceOf(Observable);
    expect(numbers(1).pipe(map(n => n))).toBeInstanceOf(Observable);
  });

  test('can be subscribed with an observer, a part of one, a function, three functions, and nothing', () => {
    const heard: unknown[] = [];
    const note = (value: unknown): void => void heard.push(value);
    const subject = new Subject<number>();
    subject.subscribe(value => heard.push(`subject ${value}`));
    numbers(1).subscribe({ next: note, complete: () => note('complete') });
    numbers(2).subscribe({ complete: () => note('part') });
    numbers(3).subscribe(note);
    numbers(4).subscribe(note, null, () => note('third'));
    numbers(5).subscribe(null);
    numbers(6).subscribe();
    numbers(7).subscribe(subject);
    expect(heard).toEqual([1, 'complete', 'part', 3, 4, 'third', 'subject 7']);
  });

  test('runs its teardown on complete, on error and on unsubscribe, once', () => {
    const torn: string[] = [];
    const source = (end: (subscriber: Subscriber<number>) => void, name: string) =>
      observable<number>(subscriber => {
        end(subscriber);
        return () => torn.push(name);
      }).pipe(map(n => n));
    source(subscriber => subscriber.complete(), 'complete').subscribe();
    source(subscriber => subscriber.error(new Error('x')), 'error').subscribe({ error: () => {} });
    const open = source(() => {}, 'unsubscribe').subscribe();
    expect(torn).toEqual(['complete', 'error']);
    open.unsubscribe();
    open.unsubscribe();
    expect(torn).toEqual(['complete', 'error', 'unsubscribe']);
    expect(open.closed).toBe(true);
  });

  test('hands on errors, and nothing after them', () => {
    const heard: unknown[] = [];
    observable<number>(subscriber => {
      subscriber.next(1);
      subscriber.error('broken');
      subscriber.next(2);
      return undefined;
    })
      .pipe(map(n => n * 10))
      .subscribe({ next: n => heard.push(n), error: error => heard.push(error) });
    expect(heard).toEqual([10, 'broken']);
  });

  test('turns a throw in an operator or in subscribe into an error', () => {
    const heard: unknown[] = [];
    const thrown = (): never => {
      throw 'thrown';
    };
    numbers(1)
      .pipe(map(thrown))
      .subscribe({ error: error => heard.push(error) });
    observable<number>(thrown).subscribe({ error: error => heard.push(error) });
    expect(heard).toEqual(['thrown', 'thrown']);
  });

  test('multicasts through share, and counts its subscribers', () => {
    let subscribed = 0;
    const subject = new Subject<number>();
    const shared = observable<number>(subscriber => {
      subscribed++;
      const inner = subject.subscribe(subscriber);
      return () => inner.unsubscribe();
    }).pipe(share());
    const [a, b]: number[][] = [[], []];
    const first = shared.subscribe(n => a?.push(n));
    const second = shared.subscribe(n => b?.push(n));
    subject.next(1);
    first.unsubscribe();
    subject.next(2);
    second.unsubscribe();
    expect([subscribed, a, b, subject.observed]).toEqual([1, [1], [1, 2], false]);
  });

  test('works as the source, the inner and the notifier of other operators', async () => {
    expect(await lastValueFrom(numbers(1, 2, 3).pipe(toArray()))).toEqual([1, 2, 3]);
    expect(await firstValueFrom(numbers(1, 2))).toBe(1);
    expect(
      await lastValueFrom(
        of(1, 2).pipe(
          switchMap(n => numbers(n, n * 10)),
          toArray(),
        ),
      ),
    ).toEqual([1, 10, 2, 20]);
    expect(await lastValueFrom(zip(numbers(1), from([2])))).toEqual([1, 2]);
    expect(await lastValueFrom(numbers(1, 2).pipe(takeUntil(numbers(0)), toArray()))).toEqual([]);
    expect(await lastValueFrom(from(numbers(4, 5)).pipe(toArray()))).toEqual([4, 5]);
    await expect(lastValueFrom(numbers())).rejects.toThrow('no elements');
  });

  test('supports forEach', async () => {
    const heard: number[] = [];
    await numbers(1, 2).forEach(n => void heard.push(n));
    expect(heard).toEqual([1, 2]);
  });

  test('a subscriber that has ended already is told nothing', () => {
    const heard: number[] = [];
    const subscriber = new Subscriber<number>({
      next: n => heard.push(n),
      error() {},
      complete() {},
    } as Observer<number>);
    subscriber.unsubscribe();
    numbers(1).subscribe(subscriber);
    expect(heard).toEqual([]);
  });

  test('notes an edge for what has a place, and for nothing else', () => {
    const own = new TopologyGraph();
    const source = own.add('source', 'in');
    const sink = own.add('sink', 'out');
    const records = new TopologyObservable<number>({ graph: own, node: source }, () => {});
    records.pipe(map(n => n)).subscribe({ next() {} });
    expect(own.describe().edges).toEqual([]);
    records.pipe(map(n => n)).subscribe(placed({ next() {} }, { graph: own, node: sink }));
    expect(own.describe().edges).toEqual([{ from: 'in', to: 'out', observed: false }]);
  });

  test('an operator over sources without a place is a plain Observable', () => {
    const made = operatorObservable('op', [EMPTY], () => {});
    expect(made).not.toBeInstanceOf(TopologyObservable);
  });
});
