import * as fc from 'fast-check';
import { keyBytes } from '../../../lib/flow/sinks/key-bytes.js';

test('a text key is its UTF-8, whatever was asked for before', () => {
  const texts = fc.array(fc.constantFrom('', 'a', 'b', 'ä', 'k1', '🂡', 'a'.repeat(1000)), { maxLength: 20 });
  fc.assert(
    fc.property(texts, some => {
      expect(some.map(text => keyBytes(text).toString())).toEqual(some);
    }),
  );
});

test('half a character becomes U+FFFD, as in all text that Node writes', () => {
  expect(keyBytes('a\ud800').toString()).toBe('a\ufffd');
});

test('one key of several sinks is written out once', () => {
  expect(keyBytes('c1')).toBe(keyBytes('c1'));
});
