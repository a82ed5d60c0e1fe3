/** What gives its result later does not compile where nobody would wait for it. */
import { type App, createApp, type KafkaRecord, type NotLater, string } from 'kafka-rx';
import { memory } from 'kafka-rx/memory';
import {
  batch,
  branch,
  filterValue,
  flatMapValue,
  mapKey,
  mapRecord,
  mapValue,
  peek,
  project,
} from 'kafka-rx/operators';
import { type Observable, of } from 'rxjs';

/** Wired and never run. */
const app: App = createApp({ groupId: 'types', driver: memory() });
const texts = () => app.topic('in', { value: string });
declare const maybe: (text: string) => string | Promise<string>;
/** Gives `any`, as untyped code does. */
const anything = (text: string) => JSON.parse(text);
declare const unknowns: (text: string) => unknown;
const never = (): never => {
  throw new Error('never');
};

test('a promise, an Observable or an async iterable from a synchronous function does not compile', () => {
  const wired = (): readonly Observable<unknown>[] => [
    // @ts-expect-error a promise
    texts().pipe(mapValue(async text => text)),
    // @ts-expect-error an Observable
    texts().pipe(mapValue(text => of(text))),
    // @ts-expect-error a promise now and then
    texts().pipe(mapValue(maybe)),
    texts().pipe(
      // @ts-expect-error an async iterable
      mapValue(async function* (text) {
        yield text;
      }),
    ),
    // @ts-expect-error a promise
    texts().pipe(mapKey(async key => key)),
    // @ts-expect-error a promise
    texts().pipe(project(async text => ({ text }))),
    // @ts-expect-error a promise
    texts().pipe(peek(async () => {})),
    // @ts-expect-error an Observable
    texts().pipe(peek(() => of(1))),
    // @ts-expect-error a promise
    texts().pipe(batch(async records => records.length)),
    // @ts-expect-error a promise
    texts().pipe(mapRecord(async record => record)),
    // @ts-expect-error a promise holds for every value
    texts().pipe(filterValue(async text => text === '')),
    // @ts-expect-error a promise of many is not many
    texts().pipe(flatMapValue(async text => [...text])),
    // @ts-expect-error many promises
    texts().pipe(flatMapValue(text => [Promise.resolve(text)])),
    // @ts-expect-error text is one value, and so is text among lists
    texts().pipe(flatMapValue(text => (text === '' ? text : [text]))),
    // @ts-expect-error bytes are one value
    texts().pipe(flatMapValue(text => Buffer.from(text))),
    // @ts-expect-error a promise holds for every value
    branch(texts(), { big: async text => text !== '' }).big,
  ];
  expect(wired).toBeDefined();
});

test('all else does, with the types that it had', () => {
  const wired = (): readonly Observable<KafkaRecord<unknown, unknown>>[] => [
    texts().pipe(mapValue(anything)),
    texts().pipe(mapValue(unknowns)),
    texts().pipe(mapValue(never)),
    texts().pipe(mapValue(() => undefined)),
    texts().pipe(mapValue(text => (text === '' ? null : { text }))),
    texts().pipe(mapValue(text => () => text)),
    texts().pipe(peek(() => {})),
    texts().pipe(peek(({ value }) => value.length)),
    texts().pipe(peek(record => console.log(record))),
    texts().pipe(batch(records => records.map(({ value }) => value))),
    texts().pipe(flatMapValue(text => [...text])),
    texts().pipe(flatMapValue(text => (text === '' ? [] : new Set([text])))),
    texts().pipe(flatMapValue(anything)),
  ];
  const exact: Observable<KafkaRecord<Buffer | null, { readonly kind: 'a' | 'b' }>> = texts().pipe(
    mapValue((text): { readonly kind: 'a' | 'b' } => ({ kind: text === '' ? 'a' : 'b' })),
  );
  /** A step of one's own, generic in what it gives. */
  const timed = <V, U>(step: ((value: V) => U) & NotLater<U>) => mapValue<Buffer | null, V, U>(step);
  const own = (): Observable<KafkaRecord<Buffer | null, number>> => texts().pipe(timed(text => text.length));
  expect([wired, exact, own]).toBeDefined();
});
