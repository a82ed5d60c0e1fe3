import fc from 'fast-check';
import { transactionalId } from '../../lib/base/transactional-id.js';

/** Mostly made of what could be confused. */
const name = fc.oneof(
  fc.string({ unit: fc.constantFrom('/', '%', '2', 'F', '5', '-', '_', 'a'), maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
);

test('two tasks never have the same transactional id', () => {
  expect(transactionalId('orders', 'by-customer_0')).not.toBe(transactionalId('orders-by', 'customer_0'));
  expect(transactionalId('orders', 'a/b')).not.toBe(transactionalId('orders', 'a%2Fb'));
  fc.assert(
    fc.property(name, name, name, name, (group, task, otherGroup, otherTask) => {
      fc.pre(group !== otherGroup || task !== otherTask);
      expect(transactionalId(group, task)).not.toBe(transactionalId(otherGroup, otherTask));
    }),
    { numRuns: 2_000 },
  );
});

test('two splits of one text into group and task are two ids', () => {
  fc.assert(
    fc.property(name, fc.nat(20), fc.nat(20), (text, a, b) => {
      const [i, j] = [a % (text.length + 1), b % (text.length + 1)];
      fc.pre(i !== j);
      const of = (at: number) => transactionalId(text.slice(0, at), text.slice(at));
      expect(of(i)).not.toBe(of(j));
    }),
  );
});

test('it begins with the group, so that one ACL by a prefix is for all of its tasks', () => {
  expect(transactionalId('orders', 'by-customer_0')).toBe('orders/by-customer_0');
  fc.assert(
    fc.property(name, name, (group, task) => {
      expect(transactionalId(group, task).startsWith(`${group}/`)).toBe(true);
    }),
  );
});
