import { type App, type KafkaRecord, string } from 'kafka-rx';
import { batch, mapAsync, share, through } from 'kafka-rx/operators';
import { finalize, type Observable, Subject, switchMap, take, takeUntil } from 'rxjs';
import { type Member, Members } from '../../app/members.js';

type Texts = KafkaRecord<Buffer | null, string>;
type Leasing = (app: App, members: Members) => (source: Observable<Texts>) => Observable<Texts>;

const joined = (records: readonly Texts[]) => records.map(({ value }) => value).join('+');
const later = (members: Members, ms: number) =>
  new Promise<void>(resolve => members.clock.schedule(resolve, ms));

const leasing: readonly (readonly [string, Leasing])[] = [
  ['mapAsync', (_, members) => mapAsync(text => later(members, 20).then(() => text), { order: 'none' })],
  [
    'mapAsync in order',
    (_, members) => mapAsync(text => later(members, 20).then(() => text), { order: 'partition' }),
  ],
  ['batch', () => batch(joined, { maxRecords: 2, maxWaitMs: 1e6 })],
  ['through a topic', app => through(app.to('mid', { value: string }))],
  ['through a function', (app, members) => through(app.each(() => later(members, 20)))],
];

const options = { stallTimeoutMs: 60_000, idleMs: 1e9 };
const outcome = ({ outcome }: Member, members: Members) => [outcome, members.committed('in')];

describe.each(leasing)('a sink that may end, behind %s', (_name, operator) => {
  test('lets go of what was under way when it ends: the other branch commits on', async () => {
    const members = new Members({ in: 1, mid: 1, out: 1 });
    const member = members.start(app => {
      const source = app.topic('in', { value: string }).pipe(share());
      source.pipe(operator(app, members), take(1)).subscribe(app.to('out', { value: string, mayEnd: true }));
      source.subscribe(app.each(() => {}));
    }, options);
    members.publish('in', 'a', 'b', 'c', 'd', 'e');
    await members.pass(300_000);
    members.publish('in', 'f');
    await members.pass(1000);
    expect(members.values('out')).toHaveLength(1);
    expect(outcome(member, members)).toEqual(['running', [6]]);
  });

  test('unsubscribed from outside while records are under way', async () => {
    const members = new Members({ in: 1, mid: 1, out: 1 });
    let end = () => {};
    const member = members.start(app => {
      const source = app.topic('in', { value: string }).pipe(share());
      const branch = source
        .pipe(operator(app, members))
        .subscribe(app.to('out', { value: string, mayEnd: true }));
      end = () => branch.unsubscribe();
      source.subscribe(app.each(() => {}));
    }, options);
    members.publish('in', 'a', 'b', 'c');
    await members.settle();
    end();
    await members.pass(300_000);
    members.publish('in', 'd');
    await members.pass(1000);
    expect(outcome(member, members)).toEqual(['running', [4]]);
  });

  test('ended by a notifier, with the end behind a share', async () => {
    const members = new Members({ in: 1, mid: 1, out: 1 });
    const enough = new Subject<void>();
    const member = members.start(app => {
      const source = app.topic('in', { value: string }).pipe(share());
      const shared = source.pipe(operator(app, members), share());
      for (const name of ['A', 'B']) {
        shared.pipe(takeUntil(enough)).subscribe(app.to('out', { value: string, mayEnd: true, name }));
      }
      source.subscribe(app.each(() => {}));
    }, options);
    members.publish('in', 'a', 'b', 'c');
    await members.settle();
    enough.next();
    await members.pass(300_000);
    expect(outcome(member, members)).toEqual(['running', [3]]);
  });

  test('where nobody hears the source any more, what was under way stays uncommitted, and the app runs on', async () => {
    const members = new Members({ in: 1, mid: 1, out: 1 });
    const member = members.start(
      app =>
        app
          .topic('in', { value: string })
          .pipe(operator(app, members), take(1))
          .subscribe(app.to('out', { value: string, mayEnd: true })),
      options,
    );
    members.publish('in', 'a', 'b', 'c', 'd', 'e');
    await members.pass(300_000);
    expect(member.outcome).toBe('running');
    // As on the plain path: what came out is committed, what was not asked for comes again after a restart.
    const taken = members.values('out')[0]?.split('+').length ?? 0;
    expect(members.committed('in')).toEqual([taken]);
  });

  test('while another view of the source is heard by nobody for a time: that is no loss of its own', async () => {
    const members = new Members({ in: 1, mid: 1, out: 1 });
    const member = members.start(app => {
      const source = app.topic('in', { value: string }).pipe(share());
      source.pipe(operator(app, members), take(1)).subscribe(app.to('out', { value: string, mayEnd: true }));
      source.subscribe(app.each(() => {}));
      const view = app.topic('in', { value: string });
      const again = app.each(() => {}, { name: 'again' });
      const pauses = () => void members.clock.schedule(() => view.subscribe(again), 1000);
      view.pipe(take(3), finalize(pauses)).subscribe(app.each(() => {}, { name: 'three', mayEnd: true }));
    }, options);
    members.publish('in', 'a', 'b', 'c');
    await members.pass(300_000);
    members.publish('in', 'd');
    await members.pass(1000);
    expect(outcome(member, members)).toEqual(['running', [4]]);
  });

  test('one that may not end fails the app, and what was under way is held', async () => {
    const members = new Members({ in: 1, mid: 1, out: 1 });
    members.broker.faults.delayAcknowledgements(10);
    let end = () => {};
    const member = members.start(app => {
      const source = app.topic('in', { value: string }).pipe(share());
      const branch = source.pipe(operator(app, members)).subscribe(app.to('out', { value: string }));
      end = () => branch.unsubscribe();
      source.subscribe(app.each(() => {}));
    }, options);
    await members.settle();
    members.publish('in', 'a');
    await members.settle();
    end();
    await members.pass(60_000);
    expect(member.outcome).toMatchObject({ code: 'SINK_ENDED' });
    expect(members.committed('in')).toEqual([-1]);
  });
});

test('what a switchMap gives up is no end on purpose: it stays uncommitted', async () => {
  const members = new Members({ in: 1, out: 1, settings: 1 });
  const member = members.start(app => {
    const source = app.topic('in', { value: string }).pipe(share());
    app
      .topic('settings', { value: string })
      .pipe(switchMap(() => source.pipe(batch(joined, { maxRecords: 10, maxWaitMs: 1e6 }))))
      .subscribe(app.to('out', { value: string, mayEnd: true }));
    source.subscribe(app.each(() => {}));
  }, options);
  await members.settle();
  members.publish('settings', 'one');
  await members.pass(100);
  members.publish('in', 'a', 'b');
  await members.pass(100);
  members.publish('settings', 'two');
  await members.pass(100);
  expect([member.outcome, members.committed('in')]).toEqual(['running', [-1]]);
});

test('what ends because a sink that may end has ended lets go as well, and nothing else does', async () => {
  const members = new Members({ in: 1, out: 1 });
  const seen: string[] = [];
  const member = members.start(app => {
    const source = app.topic('in', { value: string }).pipe(share());
    source
      .pipe(
        batch(joined, { maxRecords: 3 }),
        mapAsync(text => later(members, 20).then(() => text)),
        finalize(() => seen.push('ended')),
        take(1),
      )
      .subscribe(app.to('out', { value: string, mayEnd: true }));
    source.subscribe(app.each(() => {}));
  }, options);
  members.publish('in', ...'abcdefgh');
  await members.pass(300_000);
  expect([seen, members.values('out')]).toEqual([['ended'], ['a+b+c']]);
  expect(outcome(member, members)).toEqual(['running', [8]]);
});
