/** testApp under exactly once: what a unit writes is read when it has been committed, and not passed by before. */
import { string } from 'kafka-rx';
import { batch, mapAsync, mapValue } from 'kafka-rx/operators';
import { testApp } from 'kafka-rx/testing';
import { held } from '../app/members.js';

const value = string;
const guarantee = 'exactly-once';

const valuesOf = (records: readonly { readonly value: string }[]) => records.map(record => record.value);

test('outputs can be read after idle, with the offsets of their records', async () => {
  const t = await testApp(
    app =>
      app
        .topic('in', { value })
        .pipe(mapValue(v => v.toUpperCase()))
        .subscribe(app.to('out', { value })),
    { guarantee },
  );
  t.pipeIn('in', [{ value: 'a' }, { value: 'b' }]);
  expect(t.read('out', { value })).toEqual([]);
  await t.idle();
  expect([valuesOf(t.read('out', { value })), t.committed('in')]).toEqual([['A', 'B'], [2]]);
  t.pipeIn('in', [{ value: 'c' }]);
  await t.idle();
  expect([valuesOf(t.read('out', { value })), t.committed('in')]).toEqual([['C'], [3]]);
  await t.stop();
});

test('records of a unit that is still open are not passed by, whatever is read meanwhile', async () => {
  const t = await testApp(app => app.topic('in', { value }).subscribe(app.to('out', { value })), {
    guarantee,
  });
  for (const v of ['a', 'b']) {
    t.pipeIn('in', [{ value: v }]);
    expect(t.read('out', { value })).toEqual([]);
    await t.advance(100);
    expect(valuesOf(t.read('out', { value }))).toEqual([v]);
  }
  t.pipeIn('in', [{ value: 'c' }]);
  expect(t.read('out', { value })).toEqual([]);
  await t.stop();
  expect(valuesOf(t.read('out', { value }))).toEqual(['c']);
});

test('idle waits for calls, and for what is gathered, and hangs on neither', async () => {
  const call = held<string>();
  const t = await testApp(
    app => {
      app
        .topic('in', { value })
        .pipe(batch(records => records.map(record => record.value).join('+'), { maxWaitMs: 60_000 }))
        .subscribe(app.to('out', { value }));
      app
        .topic('slow', { value })
        .pipe(mapAsync(() => call.promise))
        .subscribe(app.to('answers', { value }));
    },
    { guarantee, idleMs: 1e9 },
  );
  t.pipeIn('in', [{ value: 'a' }, { value: 'b' }]);
  t.pipeIn('slow', [{ value: 'c' }]);
  await t.idle();
  expect([valuesOf(t.read('out', { value })), t.read('answers', { value })]).toEqual([['a+b'], []]);
  call.resolve('d');
  await t.idle();
  expect(valuesOf(t.read('answers', { value }))).toEqual(['d']);
  await t.stop();
});

test('what an aborted unit had written is not read, and comes once', async () => {
  const t = await testApp(app => app.topic('in', { value }).subscribe(app.to('out', { value })), {
    guarantee,
  });
  t.broker.faults.refuseCommits(1);
  t.pipeIn('in', [{ value: 'a' }]);
  await t.idle();
  await t.advance(1_000);
  expect(valuesOf(t.read('out', { value }))).toEqual(['a']);
  await t.stop();
});
