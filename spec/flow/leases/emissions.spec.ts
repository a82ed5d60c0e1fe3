import { type App, type KafkaRecord, string } from 'kafka-rx';
import { batch, mapAsync, mapValue, through } from 'kafka-rx/operators';
import { testRecord } from 'kafka-rx/testing';
import { map, mergeMap, type Observable, type OperatorFunction, of, share, takeWhile } from 'rxjs';
import { Members } from '../../app/members.js';

type Texts = KafkaRecord<Buffer | null, string>;
type Leasing = (app: App) => (source: Observable<Texts>) => Observable<Texts>;

const joined = (records: readonly Texts[]) => records.map(({ value }) => value).join('+');

const leasing: readonly (readonly [string, Leasing])[] = [
  ['mapAsync, at once', () => mapAsync(text => of(text))],
  ['mapAsync, later', () => mapAsync(async text => text)],
  ['batch by number', () => batch(joined, { maxRecords: 3 })],
  ['batch by time', () => batch(joined, { maxWaitMs: 50 })],
  ['through a topic', app => through(app.to('mid', { value: string }))],
  ['through a function', app => through(app.each(() => {}))],
  [
    'two of them',
    () => source =>
      source.pipe(
        batch(joined, { maxRecords: 3 }),
        mapAsync(async text => text),
      ),
  ],
];

const fatal: readonly (readonly [string, OperatorFunction<Texts, Texts>, string])[] = [
  [
    'a plain operator throws',
    map(() => {
      throw new Error('secret');
    }),
    'PROCESS',
  ],
  ['a plain operator ends the sink', takeWhile(() => false), 'SINK_ENDED'],
  [
    'a plain operator loses the delivery',
    map(({ value, key }): Texts => testRecord({ value, key })),
    'WITHOUT_DELIVERY',
  ],
  [
    'an operator of ours throws',
    mapValue<Buffer | null, string, string>(() => {
      throw new Error('secret');
    }),
    'PROCESS',
  ],
  ['a plain operator holds it back', mergeMap(async record => record), 'OUTSIDE_DISPATCH_WINDOW'],
];

describe.each(leasing)(
  'what was handed on by %s is not committed when it was lost below',
  (name, operator) => {
    test.each(fatal)('%s', async (how, below, code) => {
      const members = new Members({ in: 1, mid: 1, out: 1 });
      const member = members.start(app =>
        app
          .topic('in', { value: string })
          .pipe(operator(app), below)
          .subscribe(app.to('out', { value: string })),
      );
      members.publish('in', 'a', 'b', 'c');
      await members.pass(200);
      await members.pass(60_000);
      expect(member.outcome).toMatchObject({ code });
      expect(members.values('out')).toEqual([]);
      // What comes after its window is loud at the first record; until then it may be committed, as docs/operators.md says.
      if (code !== 'OUTSIDE_DISPATCH_WINDOW') expect(members.committed('in')).toEqual([-1]);
      expect([name, how]).toBeDefined();
    });

    test('another branch that fails meanwhile', async () => {
      const members = new Members({ in: 1, mid: 1, out: 1, other: 1 });
      const member = members.start(app => {
        const shared = app.topic('in', { value: string }).pipe(operator(app), share());
        shared.subscribe(app.to('out', { value: string }));
        shared
          .pipe(
            map(record => {
              if (record.value.includes('c')) throw new Error('secret');
              return record;
            }),
          )
          .subscribe(app.to('other', { value: string }));
      });
      members.publish('in', 'a', 'b', 'c');
      await members.pass(60_000);
      expect(member.outcome).toMatchObject({ code: 'PROCESS' });
      expect(members.committed('in')[0]).toBeLessThan(3);
      expect(members.committed('in')[0]).toBeLessThanOrEqual(members.values('other').length);
    });
  },
);
