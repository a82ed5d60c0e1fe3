import fc from 'fast-check';
import { IsoTimestamp } from '../../lib/codecs/io-ts.js';

const right = ['1997-01-12', '2024-02-29T00:00Z', '1997-01-12T01:00:00.5+01:00'] as const;
const wrong = [
  '1997-13-12',
  '2023-02-29T00:00Z',
  '1997-01-12T25:00Z',
  '',
  '1997-1-12',
  '1997-01-12T00:00',
  '1997-01-12T00:00:00.5',
] as const;

test('a timestamp is right or wrong whatever was asked about before', () =>
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...right, ...wrong), { maxLength: 20 }), texts => {
      for (const text of texts)
        expect([text, IsoTimestamp.is(text)]).toEqual([text, right.includes(text as never)]);
    }),
  ));
