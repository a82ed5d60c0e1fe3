/** Records of one app at a node of another: whoever owns the record would commit it when the other has done who knows what. */
import { type App, type AppSink, createApp, type KafkaRecord, memoryStore, string } from 'kafka-rx';
import { memory } from 'kafka-rx/memory';
import { batch, mapAsync, mapValue, mergeNamed, through } from 'kafka-rx/operators';
import { map, merge, type Observable, of, Subject, share } from 'rxjs';
import { Members } from './members.js';

const value = string;
type Texts = Observable<KafkaRecord<Buffer | null, string>>;
type TextSink = AppSink<KafkaRecord<Buffer | null, string>>;

function twoApps(wire: (mine: App, other: App) => void) {
  const members = new Members({ in: 1, elsewhere: 1, out: 1 });
  const other = createApp({ groupId: 'other', driver: memory({ broker: members.broker }) });
  return { members, other, start: () => members.start(app => wire(app, other)) };
}

describe('a sink of another app is refused where it is wired,', () => {
  test.each<[string, (mine: Texts, other: TextSink, another: Texts) => void]>([
    ['at the source', (mine, other) => void mine.subscribe(other)],
    ['behind plain operators', (mine, other) => void mine.pipe(map(r => r)).subscribe(other)],
    ['behind share', (mine, other) => void mine.pipe(share()).subscribe(other)],
    ['behind an operator of ours', (mine, other) => void mine.pipe(mapValue(text => text)).subscribe(other)],
    ['behind mapAsync', (mine, other) => void mine.pipe(mapAsync(text => of(text))).subscribe(other)],
    ['in through', (mine, other) => void mine.pipe(through(other))],
    ['mergeNamed of both', (mine, _, another) => void mergeNamed('both', mine, another)],
  ])('%s', (_what, wire) => {
    const { other, start } = twoApps((app, another) =>
      wire(app.topic('in', { value }), another.to('out', { value }), another.topic('elsewhere', { value })),
    );
    void other;
    expect(start).toThrow(
      expect.objectContaining({
        code: 'TOPOLOGY',
        message: expect.stringMatching(/another app/),
        remedy: expect.any(String),
      }),
    );
  });

  test.each(['each', 'store'] as const)('app.%s as app.to', kind => {
    const { start } = twoApps((app, other) =>
      app
        .topic('in', { value })
        .subscribe(kind === 'each' ? other.each(() => {}) : other.store(memoryStore<string>('s'))),
    );
    expect(start).toThrow(expect.objectContaining({ code: 'TOPOLOGY' }));
  });
});

describe('a record of another app fails its own app at the first record, with nothing committed,', () => {
  test.each<[string, (mine: Texts, other: TextSink) => void]>([
    [
      'through a Subject',
      (mine, other) => {
        const subject = new Subject<KafkaRecord<Buffer | null, string>>();
        subject.subscribe(other);
        mine.subscribe(subject);
      },
    ],
    ['through a plain merge', (mine, other) => void merge(mine, of()).subscribe(other as never)],
    [
      'through merge, mapAsync in between',
      (mine, other) =>
        void merge(mine, of())
          .pipe(mapAsync(text => Promise.resolve(text)))
          .subscribe(other as never),
    ],
    [
      'through merge and batch',
      (mine, other) =>
        void merge(mine, of())
          .pipe(batch(records => `${records.length}`, { maxRecords: 2 }))
          .subscribe(other as never),
    ],
    [
      'through merge and through',
      (mine, other) => {
        const own = new Subject<KafkaRecord<Buffer | null, string>>();
        own.pipe(through(other)).subscribe();
        mine.subscribe(own);
      },
    ],
  ])('%s', async (_what, wire) => {
    const { members, other, start } = twoApps((app, another) =>
      wire(app.topic('in', { value }), another.to('out', { value, mayEnd: true })),
    );
    const member = start();
    await members.settle();
    members.publish('in', 'a', 'b');
    await members.settle();
    const at = { topic: 'in', partition: 0, offset: expect.any(Number) };
    expect(member.outcome).toMatchObject({
      code: 'WITHOUT_DELIVERY',
      at,
      message: expect.stringMatching(/'out' .*another app/),
      remedy: expect.stringMatching(/app that made/),
    });
    expect(members.committed('in')).toEqual([-1]);
    expect(other.health().live).toBe(false);
  });

  test('also when the other app has stopped long ago', async () => {
    const { members, other, start } = twoApps((app, another) => {
      another.topic('elsewhere', { value }).subscribe(another.each(() => {}));
      const subject = new Subject<KafkaRecord<Buffer | null, string>>();
      subject.subscribe(another.to('out', { value, mayEnd: true }));
      app.topic('in', { value }).subscribe(subject);
    });
    const member = start();
    const otherRun = other.run();
    await members.settle();
    void other.stop();
    await members.settle();
    await otherRun;
    members.publish('in', 'a');
    await members.settle();
    expect(member.outcome).toMatchObject({ code: 'WITHOUT_DELIVERY', at: { topic: 'in', offset: 0 } });
    expect(members.committed('in')).toEqual([-1]);
  });
});
