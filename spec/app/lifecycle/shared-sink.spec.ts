/** A sink that may end, and is subscribed more than once. */

import { type App, type AppSink, type KafkaRecord, string } from 'kafka-rx';
import { mapAsync, share } from 'kafka-rx/operators';
import { EMPTY, filter, merge, type Observable, Subscription, take } from 'rxjs';
import { Members } from '../members.js';

const value = string;
const mayEnd = true;

type Texts = KafkaRecord<Buffer | null, string>;
type Sink = AppSink<Texts>;

const starting = (letter: string) => filter((record: Texts) => record.value.startsWith(letter));

async function started(wire: (texts: Observable<Texts>, sink: Sink, members: Members, app: App) => void) {
  const members = new Members({ in: 1, out: 1 });
  let texts: Observable<Texts> | undefined;
  let sink: Sink | undefined;
  const { app } = members.start(wired => {
    texts = wired.topic('in', { value }).pipe(share());
    sink = wired.to('out', { value, mayEnd, name: 'shared' });
    wire(texts, sink, members, wired);
    texts.subscribe(wired.each(() => {}));
  });
  await members.settle();
  return { members, app, texts: texts as Observable<Texts>, sink: sink as Sink };
}

describe('a sink that two branches share ends with the last of them', () => {
  const hides: Readonly<Record<string, (branch: Observable<Texts>) => Observable<Texts>>> = {
    'both seen': branch => branch,
    'the other hidden by a merge': branch => merge(branch, EMPTY),
  };
  test.each(Object.keys(hides))('one completes: what the other brings is written (%s)', async how => {
    const { members, sink, texts } = await started((source, shared) => {
      source.pipe(starting('a'), take(1)).subscribe(shared);
      hides[how]?.(source.pipe(starting('x'))).subscribe(shared);
    });
    members.publish('in', 'x1', 'a', 'x2', 'x3', 'a2');
    await members.settle();
    expect(members.values('out')).toEqual(['x1', 'a', 'x2', 'x3']);
    expect(members.committed('in')).toEqual([5]);
    expect(() => texts.subscribe(sink)).not.toThrow();
  });

  test('the one that a merge hides completes: what the seen one brings is written', async () => {
    const { members } = await started((source, shared) => {
      merge(source.pipe(starting('a'), take(1)), EMPTY).subscribe(shared);
      source.pipe(starting('x')).subscribe(shared);
    });
    members.publish('in', 'x1', 'a', 'x2', 'x3', 'a2');
    await members.settle();
    expect(members.values('out')).toEqual(['x1', 'a', 'x2', 'x3']);
  });

  test('one is unsubscribed: what the other brings is written, and after that one no more', async () => {
    const subscriptions: Subscription[] = [];
    const { members, sink, texts } = await started((source, shared) => {
      for (const letter of ['a', 'x']) subscriptions.push(source.pipe(starting(letter)).subscribe(shared));
    });
    members.publish('in', 'a1', 'x1');
    await members.settle();
    subscriptions[0]?.unsubscribe();
    members.publish('in', 'a2', 'x2');
    await members.settle();
    expect(members.values('out')).toEqual(['a1', 'x1', 'x2']);
    subscriptions[1]?.unsubscribe();
    members.publish('in', 'x3');
    await members.settle();
    expect(members.values('out')).toEqual(['a1', 'x1', 'x2']);
    expect(() => texts.subscribe(sink)).toThrow(expect.objectContaining({ code: 'SINK_ENDED' }));
  });

  const ends: Readonly<Record<string, (sink: Sink) => void>> = {
    completed: sink => sink.complete(),
    unsubscribed: sink => sink instanceof Subscription && sink.unsubscribe(),
  };
  test.each(Object.keys(ends))('the sink itself is %s: that ends them all', async how => {
    const { members, sink, texts } = await started((source, shared) => {
      for (const letter of ['a', 'x']) source.pipe(starting(letter)).subscribe(shared);
    });
    ends[how]?.(sink);
    members.publish('in', 'a1', 'x1');
    await members.settle();
    expect(members.values('out')).toEqual([]);
    expect(() => texts.subscribe(sink)).toThrow(expect.objectContaining({ code: 'SINK_ENDED' }));
  });

  test('what one had under way when it ended is released, and what the other has is not', async () => {
    let end: Subscription | undefined;
    const { members } = await started((source, shared, { clock }) => {
      const later = (text: string) =>
        new Promise<string>(resolve => clock.schedule(() => resolve(text), 1000));
      end = source.pipe(starting('a'), mapAsync(later)).subscribe(shared);
      source.pipe(starting('x'), mapAsync(later)).subscribe(shared);
    });
    members.publish('in', 'a1', 'x1', 'a2');
    await members.settle();
    end?.unsubscribe();
    await members.pass(500);
    expect([members.values('out'), members.committed('in')]).toEqual([[], [1]]);
    await members.pass(2000);
    expect([members.values('out'), members.committed('in')]).toEqual([['x1'], [3]]);
  });

  test('stop() waits for what all of them have under way', async () => {
    const { members, app } = await started((source, shared, { clock }) => {
      for (const letter of ['a', 'x']) {
        const later = (text: string) =>
          new Promise<string>(resolve => clock.schedule(() => resolve(text), 1000));
        source.pipe(starting(letter), mapAsync(later)).subscribe(shared);
      }
    });
    members.publish('in', 'a1', 'x1');
    await members.settle();
    void app.stop();
    await members.pass(5000);
    expect(app.health().state).toBe('stopped');
    expect(members.values('out')).toEqual(['a1', 'x1']);
    expect(members.committed('in')).toEqual([2]);
  });
});
