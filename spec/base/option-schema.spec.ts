import { runInNewContext } from 'node:vm';
import { nearestName } from '../../lib/base/nearest-name.js';
import {
  between,
  either,
  flag,
  list,
  milliseconds,
  oneOf,
  required,
  shape,
  text,
  whole,
} from '../../lib/base/option-kinds.js';
import { checkOptions, type FieldKinds } from '../../lib/base/option-schema.js';

const fields: FieldKinds = {
  name: required(text),
  count: whole(1, { endless: true }),
  share: between(0, 1),
  waitMs: milliseconds(0),
  order: oneOf('key', 'partition'),
  on: flag,
  names: list(text, 1),
  limit: either(
    oneOf('none'),
    shape({ share: required(between(0, 1)), windowMs: milliseconds(1) }),
    shape({ perMinute: whole(0) }),
  ),
};

function told(options: unknown): string {
  try {
    checkOptions('make', fields, options);
    return 'taken';
  } catch (error) {
    expect(error).toMatchObject({ code: 'CONFIGURATION' });
    return (error as Error).message;
  }
}

describe('options', () => {
  test.each<[unknown, string]>([
    [{ name: 'a' }, 'taken'],
    [{ name: 'a', count: Number.POSITIVE_INFINITY, share: 0, waitMs: 0.5, order: 'key', on: false }, 'taken'],
    [{ name: 'a', count: undefined, limit: { perMinute: 0 } }, 'taken'],
    [{}, 'make: name is missing; it must be text that is not empty. Set it'],
    [{ name: '' }, 'make: name must be text that is not empty, and is empty text'],
    [
      { name: 'a', count: Number.NaN },
      'make: count must be a whole number from 1 up, or Infinity, and is NaN',
    ],
    [{ name: 'a', count: '5' }, 'make: count must be a whole number from 1 up, or Infinity, and is "5"'],
    [{ name: 'a', count: 1.5 }, 'and is 1.5'],
    [
      { name: 'a', waitMs: Number.POSITIVE_INFINITY },
      'make: waitMs must be a number from 0 up, and is Infinity',
    ],
    [{ name: 'a', share: -0.1 }, 'make: share must be a number from 0 to 1, and is -0.1'],
    [{ name: 'a', share: null }, 'and is null'],
    [{ name: 'a', order: 'kye' }, `make: order must be 'key' or 'partition', and is "kye"`],
    [{ name: 'a', on: 1 }, 'make: on must be true or false, and is 1'],
    [
      { name: 'a', names: [] },
      'make: names must be a list of at least 1, each text that is not empty, and is an array',
    ],
    [{ name: 'a', names: ['b', 3] }, 'make: names.1 must be text'],
    [{ name: 'a', limit: { share: 2 } }, 'make: limit.share must be a number from 0 to 1, and is 2'],
    [
      { name: 'a', limit: { share: 1, windowMS: 5 } },
      "make: limit.windowMS is no option; 'windowMs' is. Write windowMs",
    ],
    [{ name: 'a', limit: 'nome' }, 'and is "nome"'],
    [{ nmae: 'a' }, "make: nmae is no option; 'name' is. Write name"],
    [{ name: 'a', colour: 1 }, 'make: colour is no option. Leave it out; there are name, count, '],
    [null, 'make: the options must be a plain object, and is null'],
    ['a', 'make: the options must be a plain object, and is text'],
    [[], 'and is an array'],
    [new Map([['name', 'a']]), 'make: the options must be a plain object, and is a Map'],
    [new Date(0), 'and is a Date'],
    [() => 'a', 'and is a function'],
    [
      new (class Config {
        readonly name = 'a';
      })(),
      'and is a Config. Give a plain object: { name, count, ',
    ],
    [Object.create({ name: 'a' }), 'must be a plain object, and is an object that inherits from another'],
    [Object.create({ naem: 'a' }), 'must be a plain object'],
    [Object.assign(Object.create(null), { name: 'a' }), 'taken'],
    [{ name: 'a', limit: new Map([['share', 1]]) }, 'make: limit must be'],
    [{ name: 'a', limit: Object.create({ share: 1 }) }, 'make: limit must be'],
    [{ name: 'a', names: { 0: 'b', length: 1 } }, 'make: names must be'],
  ])('%j: %s', (options, expected) => {
    expect(told(options)).toContain(expected);
  });

  test('what cannot be read is refused, with what it threw as the cause', () => {
    const thrown = new RangeError('no');
    const getter = {
      get name(): string {
        throw thrown;
      },
    };
    const { proxy, revoke } = Proxy.revocable({ name: 'a' }, {});
    revoke();
    for (const options of [getter, proxy])
      expect(told(options)).toContain('make: the options cannot be read: ');
    // What a stranger's error says is withheld.
    expect(() => checkOptions('make', fields, getter)).toThrow(
      expect.objectContaining({ cause: expect.objectContaining({ name: 'RangeError' }) }),
    );
  });

  test('an object of another realm is as plain as one of ours', () => {
    expect(told(runInNewContext("({ name: 'a' })"))).toBe('taken');
  });

  test('text that may be a secret is never shown', () => {
    expect(told({ name: { password: 'hunter2' } })).not.toContain('hunter2');
    expect(told({ name: 'a', on: 'hunter2' })).not.toContain('hunter2');
  });
});

test.each([
  ['maxspan', 'maxSpan'],
  ['intervalMS', 'intervalMs'],
  ['sesionTimeoutMs', 'sessionTimeoutMs'],
  ['sessionTimoeut', 'sessionTimeoutMs'],
  ['stall', undefined],
  ['bound', 'bounds'],
  ['x', undefined],
])('the name nearest to %s is %s', (name, nearest) => {
  expect(nearestName(name, ['bounds', 'maxSpan', 'intervalMs', 'sessionTimeoutMs'])).toBe(nearest);
});
