/** Under exactly once a batch that lies in a store, of which a part is committed, brings nothing again that is committed. */
import { memoryStore, string } from 'kafka-rx';
import { batch, filterValue } from 'kafka-rx/operators';
import { testApp } from 'kafka-rx/testing';

const value = string;

test('outputs stay once where a unit that failed has stored a batch, and its records are committed in parts', async () => {
  const history = memoryStore<string>('history');
  const t = await testApp(
    app => {
      const in$ = app.topic('in', { value });
      in$.pipe(filterValue(v => v.length === 1)).subscribe(app.to('out', { value }));
      in$.pipe(filterValue(v => v.length > 1)).subscribe(app.to('large', { value, onProduceError: 'skip' }));
      in$
        .pipe(
          batch(records => records.map(record => record.value[0]).join(''), {
            maxRecords: 5,
            maxWaitMs: 60_000,
          }),
        )
        .subscribe(app.store(history));
    },
    { guarantee: 'exactly-once', producer: { maxRecordBytes: 100 } },
  );
  // In units of 5, 1, 2 and 2: the last of these has to be taken apart once more, and begins behind what is committed.
  t.pipeIn(
    'in',
    ['a', 'b', 'c', 'd', 'e'.repeat(200)].map(v => ({ value: v })),
  );
  await t.advance(5_000);
  await t.stop();
  expect(t.read('out', { value }).map(record => record.value)).toEqual(['a', 'b', 'c', 'd']);
  expect(t.committed('in')).toEqual([5]);
  const kept = history.documents().map(document => document.value);
  expect([...kept.join('')].sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
});
