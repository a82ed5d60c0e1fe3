/** What is subscribed when a sink has ended, or the app. */

import { type App, type AppSink, type KafkaRecord, string } from 'kafka-rx';
import { mapValue } from 'kafka-rx/operators';
import { defaultIfEmpty, lastValueFrom, map, type Observable, type Subscription, take } from 'rxjs';
import { refused } from '../../errors/refused.js';
import { Members } from '../members.js';

const value = string;
const mayEnd = true;

type Texts = Observable<KafkaRecord<Buffer | null, string>>;

describe('a source that is subscribed once the app has ended completes at once', () => {
  const ways: Readonly<Record<string, (texts: Texts) => Promise<unknown>>> = {
    lastValueFrom: texts => lastValueFrom(texts.pipe(defaultIfEmpty('none'))),
    'lastValueFrom of itself': texts => lastValueFrom(texts, { defaultValue: 'none' }),
    'lastValueFrom behind map': texts =>
      lastValueFrom(texts.pipe(map(record => record.value)), { defaultValue: 'none' }),
    'lastValueFrom behind an operator of ours': texts =>
      lastValueFrom(texts.pipe(mapValue(text => text)), { defaultValue: 'none' }),
    'subscribe(fn)': texts =>
      new Promise((resolve, reject) =>
        texts.subscribe({ next: reject, error: reject, complete: () => resolve('none') }),
      ),
    forEach: texts => texts.forEach(() => {}).then(() => 'none'),
  };
  const ends: Readonly<Record<string, (app: App) => unknown>> = {
    stopped: app => app.stop(),
    failed: () => {},
  };
  const cases = Object.keys(ends).flatMap(end => Object.keys(ways).map(way => [end, way] as const));
  test.each(cases)('%s: %s', async (end, way) => {
    const members = new Members({ in: 1 });
    let texts: Texts | undefined;
    const { app } = members.start(wired => {
      texts = wired.topic('in', { value });
      texts.subscribe(
        wired.each(() => {
          throw new Error('no');
        }),
      );
    });
    await members.settle();
    if (end === 'failed') members.publish('in', 'a');
    void ends[end]?.(app);
    await members.settle();
    expect(app.health().state).toBe(end);
    expect(await ways[way]?.(texts as Texts)).toBe('none');
  });
});

test('what is made once the app has ended is told of another app, and not of what to do before run()', async () => {
  const members = new Members({ in: 1 });
  const { app } = members.start(wired => wired.topic('in', { value }).subscribe(wired.each(() => {})));
  await members.settle();
  const makers = [() => app.each(() => {}), () => app.topic('in', { value }), () => app.to('in', { value })];
  for (const make of makers) expect(refused(make).remedy).toMatch(/before run\(\)/);
  void app.stop();
  await members.settle();
  for (const make of makers) {
    const error = refused(make);
    expect(error.code).toBe('TOPOLOGY');
    expect(error.remedy).toMatch(/^Create another app/);
  }
});

describe('a sink that may end, and has', () => {
  async function ended(
    end: (texts: Texts, sink: AppSink<KafkaRecord<Buffer | null, string>>) => Subscription,
  ) {
    const members = new Members({ in: 1, out: 1 });
    const sinks: AppSink<KafkaRecord<Buffer | null, string>>[] = [];
    let texts: Texts | undefined;
    let subscription: Subscription | undefined;
    const { app } = members.start(wired => {
      texts = wired.topic('in', { value });
      sinks.push(
        wired.to('out', { value, mayEnd, name: 'first' }),
        wired.to('out', { value, name: 'spare' }),
      );
      subscription = end(texts, sinks[0] as AppSink<KafkaRecord<Buffer | null, string>>);
    });
    members.publish('in', 'a');
    await members.settle();
    subscription?.unsubscribe();
    return { members, app, texts: texts as Texts, sinks };
  }
  const ends: Parameters<typeof ended>[0][] = [
    (texts, sink) => texts.pipe(take(1)).subscribe(sink),
    (texts, sink) => texts.subscribe(sink),
  ];
  const again: ((texts: Texts) => Texts)[] = [
    texts => texts,
    texts => texts.pipe(map(record => record)),
    texts => texts.pipe(mapValue(text => text)),
  ];
  const cases = ends.flatMap((_, end) => again.map((_again, how) => [end, how] as const));

  test.each(cases)('is refused where it is subscribed again (%d, %d)', async (end, how) => {
    const { texts, sinks, app, members } = await ended(ends[end] as (typeof ends)[number]);
    const stream = again[how]?.(texts) as Texts;
    const error = refused(() => stream.subscribe(sinks[0]));
    expect(error.code).toBe('SINK_ENDED');
    expect(error.message).toContain("'first'");
    expect(error.remedy).toMatch(/made before run\(\)/);
    expect(app.health()).toMatchObject({ ready: false, live: true });
    // As the remedy says.
    texts.subscribe(sinks[1]);
    members.publish('in', 'b');
    await members.settle();
    expect(members.values('out')).toEqual(['a', 'b']);
    expect(app.health()).toMatchObject({ ready: true, reasons: [] });
    void app.stop();
    await members.settle();
    expect(() => texts.subscribe(sinks[0])).not.toThrow();
  });

  test('health says what can be subscribed to a source that nobody hears any more', async () => {
    const { app } = await ended((texts, sink) => texts.subscribe(sink));
    expect(app.health().reasons).toEqual([
      expect.stringMatching(
        /subscribe a sink to it that was made before run\(\) and has not ended, or restart/,
      ),
    ]);
  });
});
