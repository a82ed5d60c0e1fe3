/** Where the paths of a topology end, and which of its streams nobody hears: looked at by run(), before anything is consumed. */
import { type App, type KafkaRecord, number, string } from 'kafka-rx';
import {
  batch,
  branch,
  filterValue,
  mapAsync,
  mapValue,
  mergeNamed,
  peek,
  share,
  through,
} from 'kafka-rx/operators';
import {
  concat,
  concatMap,
  filter,
  firstValueFrom,
  map,
  merge,
  mergeMap,
  type Observable,
  of,
  partition,
  share as rxShare,
  Subject,
  tap,
} from 'rxjs';
import { Members } from '../members.js';

const value = string;
type Texts = Observable<KafkaRecord<Buffer | null, string>>;
const save = async (): Promise<void> => {};

async function outcomeOf(topology: (app: App, texts: Texts) => void) {
  const members = new Members({ in: 1, a: 1, b: 1, out: 1 });
  members.publish('in', 'x');
  const member = members.start(app => topology(app, app.topic('in', { value })));
  await members.settle();
  return { members, member, outcome: member.outcome, committed: members.committed('in') };
}

describe('run refuses a path that ends in no sink,', () => {
  test.each<[string, (texts: Texts, app: App) => unknown]>([
    ['a function', texts => texts.subscribe(() => {})],
    ['an observer', texts => texts.subscribe({ next: () => {} })],
    ['three functions', texts => texts.subscribe(() => {}, null, null)],
    ['forEach', texts => void texts.forEach(() => {})],
    ['toPromise', texts => void texts.toPromise()],
    ['nothing, behind concatMap', texts => texts.pipe(concatMap(save)).subscribe()],
    ['nothing, behind mergeMap', texts => texts.pipe(mergeMap(save)).subscribe()],
    ['nothing, behind tap', texts => texts.pipe(tap(() => void save())).subscribe()],
    ['an observer without next', texts => texts.subscribe({ complete: () => {} })],
    [
      'a function behind an operator of ours',
      texts => texts.pipe(mapValue(text => text)).subscribe(() => {}),
    ],
    ['a function behind share', texts => texts.pipe(share()).subscribe(() => {})],
    ["a function behind rxjs's share", texts => texts.pipe(rxShare()).subscribe(() => {})],
    ['a function behind batch', texts => texts.pipe(batch(all => all.length)).subscribe(() => {})],
    ['nothing, behind batch', texts => texts.pipe(batch(all => all.length)).subscribe()],
    ['a function behind mapAsync', texts => texts.pipe(mapAsync(save)).subscribe(() => {})],
    [
      'nothing, behind mapAsync and concatMap',
      texts => texts.pipe(mapAsync(save), concatMap(save)).subscribe(),
    ],
    ['a function on a branch', texts => branch(texts, { big: () => true }).big.subscribe(() => {})],
    [
      'a function behind mergeNamed',
      (texts, app) => mergeNamed('both', texts, app.topic('a', { value })).subscribe(() => {}),
    ],
  ])('%s', async (_what, wire) => {
    const { member, outcome, committed } = await outcomeOf((app, texts) => {
      wire(texts, app);
      // A healthy branch beside it changes nothing.
      texts.subscribe(app.each(() => {}));
    });
    expect(outcome).toMatchObject({
      code: 'PATH_WITHOUT_SINK',
      message: expect.stringMatching(/'(in|mapValue|batch|mapAsync\(save\)|branch\(big\)|both)'/),
      remedy: expect.stringMatching(/app\.each.*mapAsync.*app\.watch/),
    });
    expect(committed).toEqual([-1]);
    expect(member.metrics.value('kafka_rx_records_consumed_total')).toBe(0);
  });

  test.each<[string, (texts: Texts, app: App) => unknown]>([
    ['mapAsync does the work', texts => texts.pipe(mapAsync(async text => text)).subscribe()],
    [
      'mapAsync does it, and more is looked at',
      texts =>
        texts
          .pipe(
            mapAsync(async text => text),
            peek(() => {}),
            filterValue(() => true),
          )
          .subscribe(),
    ],
    ['through writes it', (texts, app) => texts.pipe(through(app.to('out', { value }))).subscribe()],
    ['it is only watched', (texts, app) => texts.subscribe(app.watch(() => {}))],
    [
      'a Subject leads on',
      (texts, app) => {
        const subject = new Subject<KafkaRecord<Buffer | null, string>>();
        subject.subscribe(app.to('out', { value }));
        texts.subscribe(subject);
      },
    ],
    [
      'a plain merge leads on',
      (texts, app) => merge(texts, app.topic('a', { value })).subscribe(app.to('out', { value })),
    ],
    [
      'it was unsubscribed before',
      (texts, app) => {
        texts.subscribe(() => {}).unsubscribe();
        texts.subscribe(app.to('out', { value }));
      },
    ],
    [
      'an operator of rxjs listens too',
      (texts, app) => {
        void firstValueFrom(texts.pipe(map(record => record.value)));
        texts.subscribe(app.to('out', { value }));
      },
    ],
  ])('and not where %s', async (_what, wire) => {
    const { outcome, committed } = await outcomeOf((app, texts) => void wire(texts, app));
    expect(outcome).toBe('running');
    expect(committed).toEqual([1]);
  });

  test('a late one is refused where it is subscribed, and the app goes on', async () => {
    let texts: Texts = of();
    const { members, member } = await outcomeOf((app, stream) => {
      texts = stream;
      stream.subscribe(app.to('out', { value }));
    });
    expect(() => texts.subscribe(() => {})).toThrow(expect.objectContaining({ code: 'PATH_WITHOUT_SINK' }));
    members.publish('in', 'y');
    await members.settle();
    expect([member.outcome, members.values('out')]).toEqual(['running', ['x', 'y']]);
  });
});

describe('app.watch', () => {
  test('sees what passes, of any type, also late and also when it ends, and keeps nothing from being committed', async () => {
    const seen: unknown[] = [];
    const { members, member, committed } = await outcomeOf((app, texts) => {
      texts.subscribe(app.watch(({ value }) => void seen.push(value), { name: 'seen' }));
      texts.pipe(map(record => record.offset)).subscribe(app.watch(offset => void seen.push(offset)));
    });
    expect(seen).toEqual(['x', 0]);
    expect(committed).toEqual([1]);
    expect(member.app.describe().text()).toBe('source   in -> seen, watch\nsink     seen\nsink     watch');
    void member.app.stop();
    await members.settle();
    expect(member.outcome).toBe('done');
  });

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('x');
      },
    ],
    ['gives a promise', () => Promise.reject(new Error('x'))],
  ])('fails the app when its function %s', async (_what, look) => {
    const { outcome, committed } = await outcomeOf((app, texts) =>
      texts.subscribe(app.watch(look as () => void, { name: 'seen' })),
    );
    expect(outcome).toMatchObject({
      code: 'PROCESS',
      at: { topic: 'in', offset: 0 },
      message: expect.stringContaining("'seen'"),
    });
    expect(committed).toEqual([-1]);
  });

  test('fails the app when a plain operator before it throws', async () => {
    const { outcome, committed } = await outcomeOf((app, texts) =>
      texts
        .pipe(
          map(() => {
            throw new Error('x');
          }),
        )
        .subscribe(app.watch(() => {})),
    );
    expect(outcome).toMatchObject({ code: 'PROCESS', at: { offset: 0 } });
    expect(committed).toEqual([-1]);
  });

  test('of another app is refused', async () => {
    const other = new Members({ in: 1 }).start(app =>
      app.topic('in', { value }).subscribe(app.each(() => {})),
    );
    void other;
    const members = new Members({ in: 1 });
    expect(() =>
      members.start(app => {
        members.start(another => {
          const texts = app.topic('in', { value });
          texts.subscribe(another.watch(() => {}));
        });
      }),
    ).toThrow(expect.objectContaining({ code: 'TOPOLOGY' }));
  });
});

describe('run refuses a stream that was wired and that nobody hears,', () => {
  test.each<[string, (texts: Texts, app: App) => unknown]>([
    [
      'the third of a merge of two at once',
      (texts, app) =>
        merge(
          texts.pipe(filter(r => r.value === 'a')),
          texts.pipe(filter(r => r.value === 'b')),
          texts.pipe(filter(r => r.value === 'c')),
          2,
        ).subscribe(app.to('out', { value })),
    ],
    [
      'the second of a concat',
      (texts, app) =>
        concat(texts.pipe(map(r => r)), texts.pipe(mapValue(text => text))).subscribe(
          app.to('out', { value }),
        ),
    ],
    [
      'a branch in a merge of one at once',
      (texts, app) => {
        const { big, otherwise } = branch(texts, { big: text => text === 'x' });
        merge(big, otherwise, 1).subscribe(app.to('out', { value }));
      },
    ],
    [
      'one that an operator of ours made',
      (texts, app) => {
        texts.pipe(peek(() => {}));
        texts.subscribe(app.to('out', { value }));
      },
    ],
    [
      'a half of a partition',
      (texts, app) => {
        const [even] = partition(texts, r => r.offset % 2 === 0);
        even.subscribe(app.to('out', { value }));
      },
    ],
  ])('%s', async (_what, wire) => {
    const { outcome, committed } = await outcomeOf((app, texts) => void wire(texts, app));
    expect(outcome).toMatchObject({
      code: 'STREAM_WITHOUT_SUBSCRIBER',
      message: expect.stringMatching(/'(in|mapValue|peek|branch\(big\))'/),
      remedy: expect.stringMatching(/mergeNamed/),
    });
    expect(committed).toEqual([-1]);
  });

  test.each<[string, (texts: Texts, app: App) => unknown]>([
    [
      'what is piped on',
      (texts, app) => {
        const shared = texts.pipe(share());
        shared
          .pipe(
            filter(() => true),
            map(r => r),
          )
          .subscribe(app.to('out', { value }));
      },
    ],
    [
      'a branch that nobody took',
      (texts, app) => {
        const { big } = branch(texts, { big: text => text === 'x', small: () => true });
        big.subscribe(app.to('out', { value }));
      },
    ],
    [
      'all branches, by name',
      (texts, app) =>
        merge(...Object.values(branch(texts, { big: text => text === 'x' }))).subscribe(
          app.to('out', { value }),
        ),
    ],
  ])('and not %s', async (_what, wire) => {
    const { outcome } = await outcomeOf((app, texts) => void wire(texts, app));
    expect(outcome).toBe('running');
  });

  test('mergeNamed takes no number', () => {
    const members = new Members({ in: 1 });
    expect(() =>
      members.start(app => void mergeNamed('both', app.topic('in', { value: number }), 1 as never)),
    ).toThrow(expect.objectContaining({ code: 'CONFIGURATION', message: expect.stringContaining('both') }));
  });
});
