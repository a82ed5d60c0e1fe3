import { withheld } from '../../lib/errors/withheld.js';

test('a number as code is kept, and one that looks like a card number is masked, of causes too', () => {
  const cause = Object.assign(new Error('b'), { code: 4111111111111111 });
  const error = Object.assign(new Error('a', { cause }), { code: 42 });
  const shown = withheld(error);
  expect(shown).toHaveProperty('code', 42);
  expect(shown.cause).toHaveProperty('code', 'xxxxxxxxxxxx1111');
});
