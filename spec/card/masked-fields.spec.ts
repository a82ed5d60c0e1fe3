import { MaskedFields } from '../../lib/card/masked-fields.js';
import { isKafkaRxError } from '../../lib/errors/errors.js';

const only = (text: string) => (given: string) => given === text;
const masks = (path: string, text: string, way?: unknown) => [
  { path, card: false, isMasked: only(text), way },
];

describe('the ways of one path', () => {
  test('are 32, of which the latest count: functions made anew for each record do not pile up', () => {
    const fields = new MaskedFields();
    for (let i = 0; i < 33; i++) fields.add(masks('card', `m${i}`));
    const [field] = fields.all;
    const taken = Array.from({ length: 33 }, (_, i) => field?.isMasked(`m${i}`));
    expect(taken).toEqual([false, ...Array.from({ length: 32 }, () => true)]);
    for (let i = 33; i < 10_000; i++) fields.add(masks('card', `m${i}`));
    const left = Array.from({ length: 10_000 }, (_, i) => field?.isMasked(`m${i}`)).filter(
      isIn => isIn === true,
    );
    expect(left).toHaveLength(32);
  });

  test('made alike are one: none of another is given up for it', () => {
    const fields = new MaskedFields();
    fields.add(masks('card', 'first'));
    for (let i = 0; i < 100; i++) fields.add(masks('card', 'alike', '/(x)/'));
    const [field] = fields.all;
    expect([field?.isMasked('first'), field?.isMasked('alike'), field?.isMasked('other')]).toEqual([
      ...[true, true, false],
    ]);
  });

  test('of the guard and of cards are told by their function', () => {
    const fields = new MaskedFields();
    const [mask] = masks('card', 'm');
    if (mask === undefined) throw new Error('no mask');
    fields.add(masks('card', 'first'));
    for (let i = 0; i < 100; i++) fields.add([mask]);
    expect(fields.all[0]?.isMasked('first')).toBe(true);
  });
});

describe('paths', () => {
  const thousand = (): MaskedFields => {
    const fields = new MaskedFields();
    for (let i = 0; i < 1000; i++) fields.add(masks(`f${i}`, 'm'));
    return fields;
  };

  test('are 1,000: one more is refused, with what to do, and nothing is forgotten', () => {
    const fields = thousand();
    let thrown: unknown;
    try {
      fields.add(masks('one.more', 'm'));
    } catch (error) {
      thrown = error;
    }
    expect(isKafkaRxError(thrown, 'CONFIGURATION')).toBe(true);
    expect(thrown).toMatchObject({ message: expect.stringContaining('More than 1000 paths are masked') });
    expect(fields.all).toHaveLength(1000);
  });

  test('that are known may be masked in another way all the same', () => {
    const fields = thousand();
    fields.add(masks('f7', 'other'));
    expect(fields.all[7]?.isMasked('other')).toBe(true);
  });
});

test('whoever asks is told of a path that is new, and of one that is of cards now, and of nothing else', () => {
  const fields = new MaskedFields();
  let told = 0;
  fields.onChange(() => told++);
  fields.add(masks('a', 'm'));
  fields.add(masks('a', 'n'));
  expect(told).toBe(1);
  fields.add([{ path: 'a', card: true, isMasked: only('m') }]);
  fields.add([{ path: 'a', card: true, isMasked: only('o') }]);
  expect([told, fields.all[0]?.card]).toEqual([2, true]);
});
