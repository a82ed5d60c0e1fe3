import { expectTypeOf } from 'expect-type';
import type { Observable } from 'rxjs';
import type { KafkaRecord } from '../../lib/record/record.js';
import {
  type Aggregate,
  aggregate,
  all,
  cogroup,
  count,
  counter,
  max,
  type Own,
  reduce,
  type State,
  session,
  sum,
  suppress,
  tumbling,
  type Windowed,
  withState,
} from '../../operators/state/index.js';

interface Order {
  readonly total: number;
}
type Kept<G> = G extends Aggregate<never, infer A, unknown> ? A : never;
interface Customer {
  readonly spent: number;
  readonly seen: string;
}

// Only their types are asked.
const customers = null as unknown as State<string, Customer>;
const numbers = null as unknown as State<string, number>;
const orders$ = null as unknown as Observable<KafkaRecord<string, Order>>;
const visits$ = null as unknown as Observable<KafkaRecord<string, string>>;
const updates$ = null as unknown as Observable<KafkaRecord<string, number | null>>;
const windowed$ = null as unknown as Observable<KafkaRecord<Windowed<string>, number | null>>;
const initial = (): Customer => ({ spent: 0, seen: '' });
const window = tumbling(1, { graceMs: 0 });
const sessions = session(1, { graceMs: 0 });

const merge = (a: Customer, b: Customer): Customer => ({ ...a, ...b });

test('cogroup: each function is given the values of its stream', () => {
  const plain = () =>
    cogroup(
      customers,
      [
        [
          orders$,
          (customer, order, { key }) => {
            expectTypeOf(customer).toEqualTypeOf<Customer>();
            expectTypeOf(order).toEqualTypeOf<Order>();
            expectTypeOf(key).toEqualTypeOf<string>();
            return { ...customer, spent: customer.spent + order.total };
          },
        ],
        [visits$, (customer, seen) => ({ ...customer, seen: seen.toUpperCase() })],
      ],
      { initial },
    );
  expectTypeOf(plain).returns.toEqualTypeOf<Observable<KafkaRecord<string, Customer>>>();
});

test('cogroup: a function that deletes makes results null, and windows their keys windowed', () => {
  const add = (customer: Customer, { total }: Order) => (total < 0 ? null : customer);
  const keep = (customer: Customer) => customer;
  const deleting = () =>
    cogroup(
      customers,
      [
        [orders$, add],
        [visits$, keep],
      ],
      { initial },
    );
  expectTypeOf(deleting).returns.toEqualTypeOf<Observable<KafkaRecord<string, Customer | null>>>();
  const inWindows = () =>
    cogroup(
      customers,
      [
        [orders$, keep],
        [visits$, keep],
      ],
      { initial, window, result: ({ spent }) => spent },
    );
  expectTypeOf(inWindows).returns.toEqualTypeOf<Observable<KafkaRecord<Windowed<string>, number>>>();
  const inSessions = () => cogroup(customers, [[orders$, keep]], { initial, merge, window: sessions });
  expectTypeOf(inSessions).returns.toEqualTypeOf<
    Observable<KafkaRecord<Windowed<string>, Customer | null>>
  >();
});

test('cogroup: a function of other values, or a stream of other keys, is refused', () => {
  const byNumber$ = null as unknown as Observable<KafkaRecord<number, Order>>;
  const wrong = () => {
    // @ts-expect-error orders are no texts
    cogroup(customers, [[orders$, (customer: Customer, _: string) => customer]], { initial });
    // @ts-expect-error the state's keys are texts
    cogroup(customers, [[byNumber$, (customer: Customer) => customer]], { initial });
  };
  expect(wrong).toBeInstanceOf(Function);
});

test('suppress: final results are no deletions; a time limit leaves them', () => {
  const closed = () => windowed$.pipe(suppress(numbers, { until: 'windowCloses', window }));
  expectTypeOf(closed).returns.toEqualTypeOf<Observable<KafkaRecord<Windowed<string>, number>>>();
  const limited = () => updates$.pipe(suppress(numbers, { until: 'timeLimit', limitMs: 1 }));
  expectTypeOf(limited).returns.toEqualTypeOf<Observable<KafkaRecord<string, number | null>>>();
  const limitedWindows = () => windowed$.pipe(suppress(numbers, { until: 'timeLimit', limitMs: 1, window }));
  expectTypeOf(limitedWindows).returns.toEqualTypeOf<
    Observable<KafkaRecord<Windowed<string>, number | null>>
  >();
  const wrong = () => {
    // @ts-expect-error its keys have no windows
    updates$.pipe(suppress(numbers, { until: 'windowCloses', window }));
    // @ts-expect-error with windows the keys have them
    updates$.pipe(suppress(numbers, { until: 'timeLimit', limitMs: 1, window }));
  };
  expect(wrong).toBeInstanceOf(Function);
});

test('final results are no deletions, of sessions and of aggregates that may delete', () => {
  const finals = () => orders$.pipe(count(numbers, { window: sessions, emit: 'final' }));
  expectTypeOf(finals).returns.toEqualTypeOf<Observable<KafkaRecord<Windowed<string>, number>>>();
  const turnover = sum(({ total }: Order) => total);
  const sums = null as unknown as State<string, Kept<typeof turnover>>;
  const summed = () => orders$.pipe(aggregate(sums, { ...turnover, window, emit: 'final' }));
  expectTypeOf(summed).returns.toEqualTypeOf<Observable<KafkaRecord<Windowed<string>, number>>>();
  const texts = null as unknown as State<string, string>;
  const reduced = () => visits$.pipe(reduce(texts, () => null, { window: sessions, emit: 'final' }));
  const keep = (customer: Customer) => customer;
  const joined = () =>
    cogroup(customers, [[orders$, keep]], { initial, merge, window: sessions, emit: 'final' });
  expectTypeOf(joined).returns.toEqualTypeOf<Observable<KafkaRecord<Windowed<string>, Customer>>>();
  expectTypeOf(reduced).returns.toEqualTypeOf<Observable<KafkaRecord<Windowed<string>, string>>>();
});

test('count and reduce: sessions that others absorb are deleted', () => {
  expectTypeOf(() => orders$.pipe(count(numbers, { window: sessions }))).returns.toEqualTypeOf<
    Observable<KafkaRecord<Windowed<string>, number | null>>
  >();
  expectTypeOf(() => orders$.pipe(count(numbers, { window }))).returns.toEqualTypeOf<
    Observable<KafkaRecord<Windowed<string>, number>>
  >();
  const longest = (a: string, b: string) => (a.length > b.length ? a : b);
  const texts = null as unknown as State<string, string>;
  expectTypeOf(() => visits$.pipe(reduce(texts, longest, { window: sessions }))).returns.toEqualTypeOf<
    Observable<KafkaRecord<Windowed<string>, string | null>>
  >();
});

test('withState: what the function returns is inferred, also where it asks for what is kept', () => {
  const returning = () =>
    orders$.pipe(
      withState(customers, ({ value }, own) => {
        own.set({ spent: value.total, seen: '' });
        return value.total > 1_000 ? { dear: value.total } : undefined;
      }),
    );
  expectTypeOf(returning).returns.toEqualTypeOf<Observable<KafkaRecord<string, { dear: number }>>>();
  const firing = () =>
    orders$.pipe(
      withState(customers, ({ timestamp }, own) => own.timers.set(timestamp + 1), {
        onTimer: (key, _due, _name, own) => {
          own.delete();
          return key.length;
        },
      }),
    );
  expectTypeOf(firing).returns.toEqualTypeOf<Observable<KafkaRecord<string, number>>>();
  const forgetting = () =>
    orders$.pipe(
      withState(customers, (_record, own) => own.get()?.seen, {
        onTimer: (_key, _due, _name, own) => own.delete(),
      }),
    );
  expectTypeOf(forgetting).returns.toEqualTypeOf<Observable<KafkaRecord<string, string>>>();
});

test('withState: what is emitted by own is said with own', () => {
  const emitting = () =>
    orders$.pipe(withState(customers, (_record, own: Own<string, Customer, string>) => own.emit('seen')));
  expectTypeOf(emitting).returns.toEqualTypeOf<Observable<KafkaRecord<string, string>>>();
  const both = () =>
    orders$.pipe(
      withState(customers, ({ value }, own: Own<string, Customer, string>) => {
        own.emit('seen');
        return value.total;
      }),
    );
  expectTypeOf(both).returns.toEqualTypeOf<Observable<KafkaRecord<string, string | number>>>();
  const wrong = () => {
    // @ts-expect-error nobody has said that it emits texts
    orders$.pipe(withState(customers, (_record, own) => own.emit('seen')));
  };
  expect(wrong).toBeInstanceOf(Function);
});

test('aggregates of ours delete nothing: their updates are never null, but of sessions', () => {
  const turnover = sum(({ total }: Order) => total);
  const totals = null as unknown as State<string, Kept<typeof turnover>>;
  const updates = () => orders$.pipe(aggregate(totals, turnover));
  expectTypeOf(updates).returns.toEqualTypeOf<Observable<KafkaRecord<string, number>>>();
  const inWindows = () => orders$.pipe(aggregate(totals, { ...turnover, window }));
  expectTypeOf(inWindows).returns.toEqualTypeOf<Observable<KafkaRecord<Windowed<string>, number>>>();
  const inSessions = () => orders$.pipe(aggregate(totals, { ...turnover, window: sessions }));
  expectTypeOf(inSessions).returns.toEqualTypeOf<Observable<KafkaRecord<Windowed<string>, number | null>>>();
  const greatest = max(({ total }: Order) => total);
  const greatests = null as unknown as State<string, number>;
  expectTypeOf(() => orders$.pipe(aggregate(greatests, greatest))).returns.toEqualTypeOf<
    Observable<KafkaRecord<string, number>>
  >();
});

test('several aggregates delete where each of them may, and not where one of them is of ours', () => {
  const own: Aggregate<Order, number> = { ...counter(), add: (n, { total }) => (total < 0 ? null : n + 1) };
  const mixed = all({ own, turnover: sum(({ total }: Order) => total) });
  const kept = null as unknown as State<string, readonly unknown[]>;
  type Mixed = { readonly own: number; readonly turnover: number };
  expectTypeOf(() => orders$.pipe(aggregate(kept, mixed))).returns.toEqualTypeOf<
    Observable<KafkaRecord<string, Mixed>>
  >();
  expectTypeOf(() => orders$.pipe(aggregate(kept, all({ own })))).returns.toEqualTypeOf<
    Observable<KafkaRecord<string, { readonly own: number } | null>>
  >();
});
