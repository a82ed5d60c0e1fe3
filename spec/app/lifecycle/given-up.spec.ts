/** What is told of records that were given up when what they were under way in ended. */

import { type AppSink, type KafkaRecord, string } from 'kafka-rx';
import { mapAsync, share } from 'kafka-rx/operators';
import { type Observable, Subject, switchMap, takeUntil } from 'rxjs';
import { Members } from '../members.js';

const value = string;
const never = () => new Promise<string>(() => {});

type Texts = KafkaRecord<Buffer | null, string>;

async function endedUnderWay() {
  const members = new Members({ in: 1, out: 1 });
  const enough = new Subject<void>();
  let texts: Observable<Texts> | undefined;
  let spare: AppSink<Texts> | undefined;
  const member = members.start(
    app => {
      texts = app.topic('in', { value });
      const out = app.to('out', { value, mayEnd: true, name: 'first' });
      texts.pipe(mapAsync(never), takeUntil(enough)).subscribe(out);
      spare = app.to('out', { value, name: 'spare' });
    },
    { stallTimeoutMs: 60_000 },
  );
  members.publish('in', 'a', 'b', 'c');
  await members.settle();
  enough.next();
  await members.settle();
  return { members, member, again: () => texts?.subscribe(spare) };
}

const givenUp =
  "partition 0 of 'in' commits nothing from offset 0 on: 3 records were given up when the sink 'first' ended, and come again " +
  'only after a restart';

test('health() tells of records that were given up with their sink, and that a restart is needed for these', async () => {
  const { member } = await endedUnderWay();
  const { ready, live, reasons } = member.app.health();
  expect([ready, live]).toEqual([false, true]);
  expect(reasons).toEqual([
    expect.stringMatching(/or restart, .*; what was under way comes again only after a restart$/),
    givenUp,
  ]);
});

test('another sink does not make the app ready: STALLED says that they were given up, and not to look what they wait for', async () => {
  const { members, member, again } = await endedUnderWay();
  again();
  members.publish('in', 'd');
  await members.pass(30_000);
  expect(members.values('out')).toEqual(['d']);
  expect(members.committed('in')).toEqual([-1]);
  expect(member.app.health()).toMatchObject({ ready: false, live: true, reasons: [givenUp] });
  await members.pass(60_000);
  expect(member.outcome).toMatchObject({ code: 'STALLED', at: { topic: 'in', partition: 0, offset: 0 } });
  const { message, remedy } = member.outcome as { message: string; remedy: string };
  expect(message).toContain("3 records were given up when the sink 'first' ended");
  expect(remedy).toMatch(/come again; .* put take and takeUntil before mapAsync/);
  expect(remedy).not.toMatch(/what it waits for/);
  expect(member.app.health().reasons.join()).not.toContain(givenUp);
});

test('with takeUntil before mapAsync, as the remedy says, what was under way is done first and nothing is given up', async () => {
  const members = new Members({ in: 1, out: 1 });
  const enough = new Subject<void>();
  let again = () => {};
  const member = members.start(app => {
    const later = (text: string) =>
      new Promise<string>(resolve => members.clock.schedule(() => resolve(text), 1000));
    const texts = app.topic('in', { value });
    texts.pipe(takeUntil(enough), mapAsync(later)).subscribe(app.to('out', { value, mayEnd: true }));
    const spare = app.to('out', { value, name: 'spare' });
    again = () => void texts.subscribe(spare);
  });
  members.publish('in', 'a', 'b');
  await members.settle();
  enough.next();
  await members.pass(2000);
  expect(members.committed('in')).toEqual([2]);
  again();
  members.publish('in', 'c');
  await members.pass(2000);
  expect([members.values('out'), members.committed('in')]).toEqual([['a', 'b', 'c'], [3]]);
  expect(member.app.health()).toMatchObject({ ready: true, reasons: [] });
});

test('what a switchMap gives up is told likewise, and by no sink', async () => {
  const members = new Members({ in: 1, settings: 1, out: 1 });
  const member = members.start(
    app => {
      const source = app.topic('in', { value }).pipe(share());
      app
        .topic('settings', { value })
        .pipe(switchMap(() => source.pipe(mapAsync(never))))
        .subscribe(app.to('out', { value }));
      source.subscribe(app.each(() => {}));
    },
    { stallTimeoutMs: 60_000 },
  );
  await members.settle();
  members.publish('settings', 'one');
  await members.pass(100);
  members.publish('in', 'a', 'b');
  await members.pass(100);
  members.publish('settings', 'two');
  await members.pass(100);
  expect(member.app.health()).toMatchObject({
    ready: false,
    reasons: [
      expect.stringContaining(
        '2 records were given up when what took them was unsubscribed, and come again only after a restart',
      ),
    ],
  });
  await members.pass(90_000);
  expect(member.outcome).toMatchObject({
    code: 'STALLED',
    message: expect.stringContaining('2 records were given up when what took them was unsubscribed'),
    remedy: expect.stringContaining('switchMap'),
  });
});

test('a record that waits before what was given up is what STALLED names', async () => {
  const members = new Members({ in: 1, settings: 1, out: 1 });
  const member = members.start(
    app => {
      const source = app.topic('in', { value }).pipe(share());
      source.subscribe(app.each(() => new Promise<void>(() => {})));
      app
        .topic('settings', { value })
        .pipe(
          switchMap(name =>
            source.pipe(
              mapAsync((text: string) =>
                name.value === 'two' || text === 'a' ? text : new Promise<string>(() => {}),
              ),
            ),
          ),
        )
        .subscribe(app.to('out', { value }));
    },
    { stallTimeoutMs: 60_000 },
  );
  await members.settle();
  members.publish('settings', 'one');
  await members.pass(100);
  members.publish('in', 'a', 'b');
  await members.pass(100);
  members.publish('settings', 'two');
  await members.pass(200_000);
  expect(member.outcome).toMatchObject({
    code: 'STALLED',
    remedy: expect.stringContaining('what it waits for'),
  });
});
