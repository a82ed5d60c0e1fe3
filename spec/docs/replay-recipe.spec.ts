import { bytes, nullable, openDeadLetter, readDeadLetter, replayHeaders, string } from 'kafka-rx';
import { filterValue, mapRecord } from 'kafka-rx/operators';
import { Members } from '../app/members.js';

test('the recipe of docs/errors.md publishes again what a letter holds, for whom it failed', async () => {
  const key = Buffer.alloc(32, 7);
  const members = new Members({ transactions: 1, 'dead-letters': 1, other: 1 });
  let isMended = false;
  const seen: string[] = [];
  const others: string[] = [];
  members.start(
    app => {
      const texts = app.topic('transactions', { value: string });
      const work = ({ value }: { readonly value: string }): void => {
        if (!isMended) throw new TypeError('secret');
        seen.push(value);
      };
      texts.subscribe(app.each(work, { onError: 'dead-letter' }));
      texts.subscribe(app.each(({ value }) => void others.push(value), { name: 'other' }));
    },
    { deadLetters: { topic: 'dead-letters', payload: { encrypt: { key } } } },
  );
  members.publish('transactions', 'a');
  await members.pass(100);
  expect([seen, others]).toEqual([[], ['a']]);
  isMended = true;
  members.start(
    replayer => {
      replayer
        .topic('dead-letters', { value: nullable(bytes), deadLetters: true })
        .pipe(
          filterValue((_payload, { headers }) => readDeadLetter(headers)?.at.topic === 'transactions'),
          mapRecord(letter => {
            const told = readDeadLetter(letter.headers);
            if (told?.payload !== 'encrypted' || letter.value === null)
              throw new Error('the letter does not hold its record');
            const opened = openDeadLetter(letter.value, told.at, key);
            return letter
              .withKey(opened.key)
              .withValue(opened.value)
              .withHeaders(replayHeaders(opened.headers, letter, told, told.at));
          }),
        )
        .subscribe(
          replayer.to('transactions', { value: nullable(bytes), headers: ({ headers }) => headers }),
        );
    },
    { groupId: 'replayer' },
  );
  await members.pass(1000);
  expect([seen, others]).toEqual([['a'], ['a']]);
});
