/** Null is told from each value, and a value that shows is written as it is. */
import fc from 'fast-check';
import { orNull } from '../../lib/state/or-null.js';

const format = orNull<Buffer>({ encode: value => value, decode: bytes => bytes });
const bytes = fc
  .array(fc.oneof(fc.constant(0), fc.nat(255)), { maxLength: 4 })
  .map(values => Buffer.from(values));

test('what was encoded is decoded, and nothing else is', () => {
  const values = fc.option(bytes, { nil: null });
  fc.assert(fc.property(values, value => expect(format.decode(format.encode(value))).toEqual(value)));
  fc.assert(
    fc.property(values, values, (a, b) =>
      expect(format.encode(a).equals(format.encode(b))).toBe(
        a === null || b === null ? a === b : a.equals(b),
      ),
    ),
  );
});

test('text stays as it is', () => {
  expect(format.encode(Buffer.from('{"n":0}')).toString()).toBe('{"n":0}');
});
