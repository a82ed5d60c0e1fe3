import * as t from 'io-ts';
import { json, string } from 'kafka-rx';
import { mask } from 'kafka-rx/operators';
import { testApp } from 'kafka-rx/testing';
import type { StandardSchema } from '../../../lib/codecs/standard-schema.js';

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

const iban = 'MT84MALT011000012345MTLCAST001S';
const Account = t.strict({ iban: t.string, limit: t.number });

test('a dead letter does not have as its key what its copy masks', async () => {
  const app = await testApp(
    it => {
      it.topic('in', { value: json(Account), onDecodeError: 'dead-letter' })
        .pipe(mask('iban', { pattern: /^(..).*(.{4})$/ }))
        .subscribe(it.to('out', { value: json(Account), keyBy: () => null }));
    },
    { deadLetters: { topic: 'dead' } },
  );
  app.pipeIn('in', [{ key: iban, value: { iban, limit: 'none' } }]);
  await app.idle();
  const [letter] = app.read('dead', { key: string, value: string });
  expect(letter?.value).toBe(`{"iban":"${'x'.repeat(iban.length)}","limit":"none"}`);
  expect(letter?.key).toBe('x'.repeat(iban.length));
  await app.stop();
});

interface Limits {
  readonly name: string;
  readonly limits: Readonly<Record<string, number>>;
}

/** A schema does not tell which steps of a path are names that only the record knows. */
const refusing: StandardSchema<Limits, Limits> = {
  '~standard': {
    version: 1,
    vendor: 'spec',
    validate: () => ({ issues: [{ message: '', path: ['limits', 'annmiller'] }] }),
  },
};

test('nor does it have that in the path of its headers', async () => {
  const app = await testApp(
    it => {
      it.topic('in', { value: json(refusing), onDecodeError: 'dead-letter' })
        .pipe(mask('name', { pattern: /^(.)/ }))
        .subscribe(it.to('out', { value: json(refusing), keyBy: () => null }));
    },
    { deadLetters: { topic: 'dead' } },
  );
  app.pipeIn('in', [{ value: { name: 'Ann Miller', limits: { annmiller: 'high' } } }]);
  await app.idle();
  const [letter] = app.read('dead', { value: string });
  const path = letter?.headers.find(header => header.key === 'kafka-rx.dead-letter.path');
  expect(String(path?.value)).toBe('limits.xxxxxxxxx');
  await app.stop();
});
