/** What one branch does at its end, or to its bytes, is not done to the others. */
import { bytes, isKafkaRxError, type KafkaRecord, string } from 'kafka-rx';
import { peek, share } from 'kafka-rx/operators';
import { finalize, tap } from 'rxjs';
import { Members } from './members.js';

const value = string;
type Text = KafkaRecord<Buffer | null, string>;

test.each([false, true])(
  'a teardown that throws when the app ends keeps no sibling from completing: share() %s',
  async shared => {
    const members = new Members({ in: 1, a: 1, b: 1, c: 1 });
    const completed: string[] = [];
    const member = members.start(app => {
      const view$ = app.topic('in', { value });
      const in$ = shared ? view$.pipe(share()) : view$;
      const noting = (name: string) => tap<Text>({ complete: () => completed.push(name) });
      in$
        .pipe(
          finalize<Text>(() => {
            throw new Error('secret');
          }),
        )
        .subscribe(app.to('a', { value }));
      in$.pipe(noting('b')).subscribe(app.each(() => {}));
      in$
        .pipe(
          noting('c'),
          finalize<Text>(() => {
            throw new Error('second');
          }),
        )
        .subscribe(app.each(() => {}));
    });
    members.publish('in', 'x');
    await members.pass(1000);
    void member.app.stop();
    await members.pass(1000);
    expect(completed).toEqual(['b', 'c']);
    if (!isKafkaRxError(member.outcome)) throw new Error('no error of ours');
    expect(member.outcome).toMatchObject({ code: 'PROCESS', message: expect.not.stringContaining('secret') });
    expect(members.committed('in')).toEqual([1]);
  },
);

test('a branch that writes into the bytes of its record does not change the log of the embedded broker', async () => {
  const members = new Members({ in: 1, out: 1 });
  members.broker.publish('in', [
    {
      key: Buffer.from('key'),
      value: Buffer.from('abc'),
      headers: [{ key: 'h', value: Buffer.from('head') }],
    },
  ] as never);
  members.start(app => {
    const spoil = peek<KafkaRecord<Buffer | null, Buffer>>(({ key, value: written, headers }) => {
      for (const part of [key, written, headers[0]?.value]) part?.fill(88);
    });
    app
      .topic('in', { value: bytes })
      .pipe(spoil)
      .subscribe(app.each(() => {}));
  });
  await members.pass(1000);
  const [record] = members.broker.records('in');
  expect([record?.key, record?.value, record?.headers[0]?.value].map(String)).toEqual(['key', 'abc', 'head']);
});

test('a topic that is deleted is no group that has others for its partitions', async () => {
  const members = new Members({ in: 1 });
  const member = members.start(app => app.topic('in', { value }).subscribe(app.each(() => {})));
  await members.pass(1000);
  members.broker.deleteTopic('in');
  await members.pass(120_000);
  const reasons = member.app.health().reasons.join();
  expect(reasons).toContain("'in' does not exist any more");
  expect(reasons).not.toContain('stands by');
});
