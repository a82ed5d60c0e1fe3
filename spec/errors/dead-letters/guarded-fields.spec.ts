import * as t from 'io-ts';
import { json, string } from 'kafka-rx';
import { mask } from 'kafka-rx/operators';
import { testApp } from 'kafka-rx/testing';

const Contact = t.type({ id: t.string, email: t.string, phone: t.string, note: t.string });

test('a dead letter shows nothing of a field that the guard watches, as of one that is masked', async () => {
  const app = await testApp(
    it => {
      it.topic('in', { value: json(Contact), onDecodeError: 'dead-letter' })
        .pipe(mask('phone', { pattern: () => 'x' }))
        .subscribe(it.to('out', { value: json(Contact) }));
    },
    { deadLetters: { topic: 'dead' }, guard: { fields: ['email'] } },
  );
  // No contact: it lacks a note.
  app.pipeIn('in', [{ value: { id: 'c1', email: 'ann@example.org', phone: '555 0100' } }]);
  await app.idle();
  const [letter] = app.read('dead', { value: string });
  expect(letter?.value).toContain('c1');
  expect(letter?.value).not.toContain('ann');
  expect(letter?.value).not.toContain('0100');
  await app.stop();
});
