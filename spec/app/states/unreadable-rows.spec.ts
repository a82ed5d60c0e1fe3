/** A row that the codec cannot read is no problem of a record, which might be skipped: whatever is done next would meet it again. */
import { type Codec, number, string } from 'kafka-rx';
import { count, session, sliding, suppress, tumbling, withState } from 'kafka-rx/state';
import { type TestApp, testApp } from 'kafka-rx/testing';
import type { Observable } from 'rxjs';
import type { App } from '../../../lib/app/interface.js';
import { KafkaRxError } from '../../../lib/errors/errors.js';
import type { KafkaRecord } from '../../../lib/record/record.js';

/** Once it breaks it throws for what was there; not for ever, so that who asks it again and again comes to an end and is seen. */
class Breaking<T> implements Codec<T> {
  readonly name: string;
  breaks = false;
  thrown = 0;
  readonly #codec: Codec<T>;

  constructor(codec: Codec<T>) {
    this.name = codec.name;
    this.#codec = codec;
  }

  encode(value: T): Buffer | null {
    return this.#codec.encode(value);
  }

  decode(...given: Parameters<Codec<T>['decode']>): T {
    if (this.breaks && ++this.thrown < 1_000)
      throw new KafkaRxError('DECODE', 'Other bytes were expected', { at: given[1] });
    return this.#codec.decode(...given);
  }
}

const [key, value] = [new Breaking(string), new Breaking(number)];
const topic = { key: string, value: string };
const onError = 'skip' as const;

const stateOf = (app: App, name = 'kept') => app.state(name, { key, value });

type Kinds = Readonly<Record<string, (app: App) => Observable<KafkaRecord<unknown, unknown>>>>;

const kinds = {
  'closing windows': app =>
    app
      .topic('in', topic)
      .pipe(count(stateOf(app), { window: tumbling(10, { graceMs: 0 }), emit: 'final', onError })),
  'expiring windows': app =>
    app.topic('in', topic).pipe(count(stateOf(app), { window: tumbling(10, { graceMs: 0 }), onError })),
  'closing sliding windows': app =>
    app
      .topic('in', topic)
      .pipe(count(stateOf(app), { window: sliding(10, { graceMs: 0 }), emit: 'final', onError })),
  'closing sessions': app =>
    app
      .topic('in', topic)
      .pipe(count(stateOf(app), { window: session(10, { graceMs: 0 }), emit: 'final', onError })),
  'a suppress': app => {
    const window = tumbling(10, { graceMs: 0 });
    const counted = count(app.state('counted', { key: string, value: number }), { window });
    return app
      .topic('in', topic)
      .pipe(counted, suppress(stateOf(app), { until: 'windowCloses', window, onError }));
  },
  'what is held for a time': app =>
    app.topic('in', topic).pipe(count(stateOf(app), { emit: { everyMs: 60_000 }, onError })),
  'a row of the record': app => app.topic('in', topic).pipe(count(stateOf(app), { onError })),
  'a value that a function asks for': app =>
    app
      .topic('in', topic)
      .pipe(withState(stateOf(app), (_record, own) => own.set((own.get() ?? 0) + 1), { onError })),
} satisfies Kinds;

const [window, closeWhenIdleMs] = [tumbling(10, { graceMs: 0 }), 60_000];

/** What reads rows as the clock says, where no record comes. */
const byClock = {
  'windows that close when nothing comes': app =>
    app
      .topic('in', topic)
      .pipe(count(stateOf(app), { window, emit: 'final', closeWhenIdleMs, onError: 'skip' })),
  'a suppress whose windows close when nothing comes': app =>
    app
      .topic('in', topic)
      .pipe(
        count(app.state('counted', { key: string, value: number }), { window }),
        suppress(stateOf(app), { until: 'windowCloses', window, closeWhenIdleMs, onError: 'skip' }),
      ),
  'what is held for a time': kinds['what is held for a time'],
} satisfies Kinds;

async function broken(kind: Kinds[string], codec: Breaking<never>): Promise<TestApp> {
  [key.breaks, value.breaks, key.thrown, value.thrown] = [false, false, 0, 0];
  const t = await testApp(app => void kind(app).subscribe(app.each(() => {})));
  t.pipeIn('in', [
    { key: 'a', value: '', timestamp: 1 },
    { key: 'b', value: '', timestamp: 1 },
  ]);
  await t.idle();
  codec.breaks = true;
  return t;
}

async function goesOn(t: TestApp): Promise<void> {
  await t.restart();
  t.pipeIn('in', [{ key: 'a', value: '', timestamp: 500_000 }]);
  for (let i = 0; i < 10; i++) await t.advance(500);
  await t.idle();
}

async function goesOnAlone(t: TestApp): Promise<void> {
  await t.restart();
  await t.advance(2 * closeWhenIdleMs);
}

const failure = (what: string) => ({
  code: 'STATE',
  at: { topic: 'test-kept-changelog', partition: 0 },
  message: expect.stringContaining(
    `A ${what} of the state 'kept' could not be decoded (KafkaRxError DECODE)`,
  ),
  remedy: expect.stringMatching(/codec that wrote it.*upgrade.*another name.*reset the group/),
});

test.each(Object.keys(kinds) as (keyof typeof kinds)[])(
  'fails the app, whatever onError says: %s',
  async kind => {
    const t = await broken(kinds[kind], value as Breaking<never>);
    await expect(goesOn(t)).rejects.toMatchObject(failure('row'));
    expect(value.thrown).toBeLessThan(10);
  },
);

test('a key of one, too', async () => {
  const t = await broken(kinds['closing windows'], key as Breaking<never>);
  await expect(goesOn(t)).rejects.toMatchObject(failure('key'));
  expect(key.thrown).toBeLessThan(10);
});

/** An exception in a turn of the clock's would be the process's end, and the app would not know of it. */
test.each(Object.keys(byClock) as (keyof typeof byClock)[])(
  'fails the app in an orderly way where no record comes: %s',
  async kind => {
    const t = await broken(byClock[kind], value as Breaking<never>);
    await expect(goesOnAlone(t)).rejects.toMatchObject(failure('row'));
    expect(t.app.health()).toMatchObject({ state: 'failed', live: false });
    await expect(t.stop()).rejects.toMatchObject(failure('row'));
    expect(value.thrown).toBeLessThan(10);
  },
);
