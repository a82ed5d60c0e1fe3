import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mask } from 'kafka-rx/operators';
import { deliver, testRecord } from 'kafka-rx/testing';
import { of } from 'rxjs';

const page = readFileSync(join(__dirname, '../../docs/privacy.md'), 'utf8');
const written = /mask\('iban', \{ pattern: \/(.+)\/ \}\)/.exec(page)?.[1] ?? '';

test.each([
  ['DE89 3704 0044 0532 0130 00', 'DExx xxxx xxxx xxxx xx30 00'],
  ['DE89370400440532013000', 'DExxxxxxxxxxxxxxxx3000'],
  ['MT84MALT011000012345MTLCAST001S', 'MTxxxxxxxxxxxxxxxxxxxxxxxxx001S'],
  ['DE1234', 'xxxxxx'],
  ['', ''],
])('the IBAN pattern of docs/privacy.md masks "%s" as "%s"', (iban, expected) => {
  const seen: unknown[] = [];
  deliver(of(testRecord({ value: { iban } })))
    .records$.pipe(mask('iban', { pattern: new RegExp(written) }))
    .subscribe(({ value }) => seen.push(value.iban));
  expect(seen).toEqual([expected]);
});
