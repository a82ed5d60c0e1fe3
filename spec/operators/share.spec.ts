import fc from 'fast-check';
import { defer, type Observable, share as rxShare, Subject, type Subscription } from 'rxjs';
import { FanOut } from '../../lib/base/fan-out.js';
import { marbles } from '../../lib/testing/index.js';
import { share } from '../../operators/share.js';

describe('share', () => {
  test('subscribes the source once for all branches, and leaves it with the last', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('      -a-b-c-d-e-|');
      const shared = source.pipe(share());
      expectObservable(shared, '--^----!    ').toBe('---b-c------');
      expectObservable(shared, '----^----!  ').toBe('-----c-d----');
      expectSubscriptions(source.subscriptions).toBe('--^------!');
    }));

  test('is subscribed anew after everybody had left, and after the end', () =>
    marbles(expect)(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b|');
      const shared = source.pipe(share());
      expectObservable(shared, '^-!').toBe('-a-');
      expectObservable(shared, '---^').toBe('----a-b|');
      expectObservable(shared, '---------^').toBe('----------a-b|');
      expectSubscriptions(source.subscriptions).toBe(['^-!', '---^---!', '---------^---!']);
    }));

  test('hands an error to every branch', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const shared = hot('-a-#').pipe(share());
      expectObservable(shared).toBe('-a-#');
      expectObservable(shared).toBe('-a-#');
    }));

  test('each value runs through the branches one after the other, in the order in which they were subscribed', () => {
    const source = new Subject<string>();
    const shared = source.pipe(share());
    const seen: string[] = [];
    shared.subscribe(value => seen.push(`first ${value}`));
    shared.subscribe(value => seen.push(`second ${value}`));
    source.next('a');
    source.next('b');
    expect(seen).toEqual(['first a', 'second a', 'first b', 'second b']);
  });
});

type Step =
  | { readonly kind: 'next' | 'subscribe' | 'late' }
  | { readonly kind: 'unsubscribe'; readonly who: number }
  | { readonly kind: 'error' | 'complete' };

/** Plays the steps and tells what every subscriber heard; `late` is one that subscribes while a value is handed out. */
function played(steps: readonly Step[], shareOf: (source: Observable<number>) => Observable<number>) {
  const heard: string[] = [];
  let subscriptions = 0;
  let source = new Subject<number>();
  const shared = shareOf(
    defer(() => {
      subscriptions++;
      return source;
    }),
  );
  const branches: Subscription[] = [];
  let value = 0;
  let onNext: (() => void) | undefined;
  const subscribe = (): void => {
    const name = branches.length;
    branches.push(
      shared.subscribe({
        next(got) {
          heard.push(`${name}: ${got}`);
          const once = onNext;
          onNext = undefined;
          once?.();
        },
        error: error => heard.push(`${name}: ${String(error)}`),
        complete: () => heard.push(`${name} done`),
      }),
    );
  };
  for (const step of steps) {
    if (step.kind === 'next') source.next(value++);
    else if (step.kind === 'subscribe') subscribe();
    else if (step.kind === 'late') {
      onNext = subscribe;
      source.next(value++);
      onNext = undefined;
    } else if (step.kind === 'unsubscribe') {
      const { who } = step;
      // While a value is handed out, so that it may be one whose turn is still to come.
      onNext = () => branches[who % branches.length]?.unsubscribe();
      source.next(value++);
      onNext = undefined;
    } else {
      const ended = source;
      source = new Subject();
      if (step.kind === 'error') ended.error('broken');
      else ended.complete();
    }
  }
  return { heard, subscriptions };
}

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Step>({ kind: 'next' }) },
  { weight: 3, arbitrary: fc.constant<Step>({ kind: 'subscribe' }) },
  fc.constant<Step>({ kind: 'late' }),
  { weight: 2, arbitrary: fc.nat(9).map((who): Step => ({ kind: 'unsubscribe', who })) },
  fc.constantFrom<Step>({ kind: 'error' }, { kind: 'complete' }),
);

test('every branch hears what it would of rxjs’s share, whoever comes and goes meanwhile', () =>
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), steps => {
      expect(played(steps, share())).toEqual(played(steps, rxShare()));
    }),
    { numRuns: 500 },
  ));

describe('a fan-out', () => {
  test.each([
    ['an error', (fan: FanOut<number>) => fan.error('broken'), ['broken']],
    ['an end', (fan: FanOut<number>) => fan.complete(), ['done']],
  ])('tells %s to those who come after it, once', (_what, end, expected) => {
    const fan = new FanOut<number>();
    end(fan);
    fan.error('again');
    fan.complete();
    fan.next(1);
    const heard: unknown[] = [];
    fan.subscribe({
      next: value => heard.push(value),
      error: error => heard.push(error),
      complete: () => heard.push('done'),
    });
    expect(heard).toEqual(expected);
  });
});
