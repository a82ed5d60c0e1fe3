/**
 * Hostile records for `transactions`: what a producer can write by mistake or on purpose. Generated from a seed, so that a
 * failure names the record that it comes from.
 */
import { type Header, type Headers, noHeaders } from '../../lib/record/headers.js';

/** What becomes of a record: all outputs, the dead letters, or (too large for one output only) both. */
export type Fate = 'accepted' | 'refused' | 'both';

export interface HostileRecord {
  readonly what: string;
  readonly fate: Fate;
  /** Names the purchase in the outputs. */
  readonly customerId: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
  readonly timestamp: number;
}

type Fields = Readonly<Record<string, unknown>>;

const day = Date.UTC(2026, 10, 22);

/** A purchase as it should be. */
export function purchase(customerId: string): Record<string, unknown> {
  return {
    customerId,
    storeId: 'store-7',
    zipCode: '10115',
    item: 'compact disc',
    department: 'music',
    quantity: 2,
    price: 11.77,
    purchasedAt: '2026-11-22T10:00:00Z',
    cardNumber: '1234-5678-1234-1233',
  };
}

/** The corpus of a seed: at least 300 records, always the same for the same seed. */
export function hostileRecords(seed: number): readonly HostileRecord[] {
  const random = mulberry32(seed);
  const made: HostileRecord[] = [];
  const add = (
    what: string,
    fate: Fate,
    change: Partial<HostileRecord> | ((id: string) => Partial<HostileRecord>),
  ) => {
    const customerId = `hostile-${made.length}`;
    made.push({
      what,
      fate,
      customerId,
      key: Buffer.from(customerId),
      value: bytesOf(purchase(customerId)),
      headers: noHeaders,
      timestamp: day,
      ...(typeof change === 'function' ? change(customerId) : change),
    });
  };
  const value = (what: string, fate: Fate, text: (id: string) => string | Buffer) =>
    add(what, fate, id => ({ value: Buffer.from(text(id)) }));
  const changed = (what: string, fate: Fate, change: (fields: Record<string, unknown>) => Fields) =>
    value(what, fate, id => JSON.stringify(change(purchase(id))));

  bytes(add, random);
  text(value);
  fields(changed);
  keys(add);
  headers(add, random);
  truncated(value, random);
  flipped(value, random);
  return made;
}

type Add = (what: string, fate: Fate, change: Partial<HostileRecord>) => void;
type Value = (what: string, fate: Fate, text: (id: string) => string | Buffer) => void;
type Changed = (what: string, fate: Fate, change: (fields: Record<string, unknown>) => Fields) => void;

function bytes(add: Add, random: () => number): void {
  add('null value', 'refused', { value: null });
  add('empty value', 'refused', { value: Buffer.alloc(0) });
  add('blanks', 'refused', { value: Buffer.from(' \t\r\n ') });
  add('NUL', 'refused', { value: Buffer.alloc(1) });
  const malformed = {
    'lone continuation byte': [0x80],
    'overlong slash': [0xc0, 0xaf],
    'UTF-8 surrogate': [0xed, 0xa0, 0x80],
    'beyond U+10FFFF': [0xf4, 0x90, 0x80, 0x80],
    'cut off in a character': [0xe2, 0x82],
    'UTF-16 with a byte order mark': [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00],
    'UTF-8 byte order mark': [0xef, 0xbb, 0xbf, 0x7b, 0x7d],
    gzip: [0x1f, 0x8b, 0x08, 0x00, 0x00],
    'Avro of a schema registry': [0x00, 0x00, 0x00, 0x00, 0x07, 0x02, 0x61],
  };
  for (const [what, octets] of Object.entries(malformed))
    add(what, 'refused', { value: Buffer.from(octets) });
  for (let i = 0; i < 40; i++) {
    const length = 1 + Math.floor(random() * 400);
    add('noise', 'refused', { value: Buffer.from(Array.from({ length }, () => Math.floor(random() * 256))) });
  }
}

function text(value: Value): void {
  const good = (id: string) => JSON.stringify(purchase(id));
  const wrong: Record<string, (id: string) => string> = {
    'two documents': id => good(id) + good(id),
    'a trailing comma': id => good(id).replace(/}$/, ',}'),
    'a comment': id => `/* c */${good(id)}`,
    'single quotes': id => good(id).replaceAll('"', "'"),
    'bare names': id => good(id).replaceAll(/"(\w+)":/g, '$1:'),
    NaN: id => good(id).replace('11.77', 'NaN'),
    Infinity: id => good(id).replace('11.77', 'Infinity'),
    'a leading zero': id => good(id).replace('11.77', '011.77'),
    'a leading plus': id => good(id).replace('11.77', '+11.77'),
    hexadecimal: id => good(id).replace('11.77', '0xff'),
    'an infinite number': id => good(id).replace('11.77', '1e400'),
    'a number beyond 2^53': id => good(id).replace('11.77', '9007199254740993'),
    'a raw line feed in a text': id => good(id).replace('disc', 'di\nsc'),
    'a bad escape': id => good(id).replace('disc', 'di\\xsc'),
    'an array at the root': id => `[${good(id)}]`,
    'a text at the root': id => JSON.stringify(good(id)),
    'a number at the root': () => '4111111111111111',
    'true at the root': () => 'true',
    'null at the root': () => 'null',
    'a million brackets': () => '['.repeat(400_000),
    'arrays 100,000 deep': id => good(id).replace('11.77', `${'['.repeat(100_000)}${']'.repeat(100_000)}`),
    'objects 50,000 deep': id =>
      good(id).replace(/}$/, `,"x":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`),
    'objects 65 deep': id => good(id).replace(/}$/, `,"x":${'{"a":'.repeat(65)}1${'}'.repeat(65)}}`),
  };
  for (const [what, make] of Object.entries(wrong)) value(what, 'refused', make);
  for (const name of Object.keys(purchase(''))) {
    value(`${name} twice`, 'refused', id => good(id).replace(/}$/, `,"${name}":"4111111111111111"}`));
    value(`${name} twice, once escaped`, 'refused', id =>
      good(id).replace(/}$/, `,"${name.replace(/^./, escaped)}":"4111111111111111"}`),
    );
  }
  const harmless: Record<string, (id: string) => string> = {
    'blanks around': id => `\n\t ${good(id)} \r\n`,
    'blanks before colons': id => good(id).replaceAll('":', '" : '),
    'an own __proto__': id => good(id).replace(/}$/, ',"__proto__":{"quantity":-1,"admin":true}}'),
    'an own constructor': id => good(id).replace(/}$/, ',"constructor":{"prototype":{"quantity":-1}}}'),
    'an own toString': id => good(id).replace(/}$/, ',"toString":"x","valueOf":1,"toJSON":{}}'),
    'ten thousand undeclared fields': id =>
      good(id).replace(/}$/, `,${Array.from({ length: 10_000 }, (_, i) => `"f${i}":${i}`).join()}}`),
    'unicode escapes': id => good(id).replace('disc', '\\u0064\\u0069sc'),
    'a negative zero': id => good(id).replace('11.77', '-0'),
    'an exponent': id => good(id).replace('11.77', '1177e-2'),
  };
  for (const [what, make] of Object.entries(harmless)) value(what, 'accepted', make);
}

function fields(changed: Changed): void {
  const names = Object.keys(purchase(''));
  for (const name of names) {
    changed(`${name} missing`, 'refused', ({ [name]: _, ...rest }) => rest);
    const others: readonly unknown[] = [null, true, [], {}, [1], { a: 1 }];
    for (const other of others) {
      changed(`${name} is ${JSON.stringify(other)}`, 'refused', fields => ({ ...fields, [name]: other }));
    }
    const swapped = name === 'quantity' || name === 'price' ? '2' : 12;
    changed(`${name} of the other primitive type`, 'refused', fields => ({ ...fields, [name]: swapped }));
  }
  const set = (fate: Fate, name: string, values: readonly unknown[]) => {
    for (const other of values) {
      const shown = String(JSON.stringify(other)).slice(0, 40);
      changed(`${name} is ${shown}`, fate, fields => ({ ...fields, [name]: other }));
    }
  };
  set('refused', 'quantity', [0, -1, 1.5, 1e-9]);
  set('refused', 'price', [-0.01, -1e300]);
  const days = [
    '2026-02-30',
    '2026-13-01T00:00:00Z',
    '2026-11-22T24:01:00Z',
    '22.11.2026',
    '',
    'now',
    '2026',
  ];
  set('refused', 'purchasedAt', days);
  set('refused', 'cardNumber', [
    '411111111111',
    '41111111111111111111',
    '4111-1111-1111-111a',
    '',
    'xxxx-xxxx-xxxx-1111',
    '٤١١١١١١١١١١١١١١١',
    ' 4111111111111111',
    '4111111111111111\u0000',
  ]);
  const odd = [
    '',
    '\u0000',
    '\ud800',
    '\u202e4111',
    '𝟒𝟏𝟏𝟏',
    '\u2028',
    'x'.repeat(100_000),
    '"\\',
    '</script>',
    '$(x)',
  ];
  for (const name of ['storeId', 'zipCode', 'item', 'department']) set('accepted', name, odd);
  set('accepted', 'item', ['x'.repeat(700_000)]);
  set('both', 'department', ['x'.repeat(999_800)]);
}

function keys(add: Add): void {
  const odd: Record<string, Buffer | null> = {
    'no key': null,
    'an empty key': Buffer.alloc(0),
    'a key that is not UTF-8': Buffer.from([0xff, 0xfe, 0x00]),
    'a key of 200 kB': Buffer.alloc(200_000, 0x41),
    'a card number as key': Buffer.from('4111111111111111'),
  };
  for (const [what, key] of Object.entries(odd)) add(what, 'accepted', { key });
  for (const timestamp of [0, 1, 2 ** 32]) add(`timestamp ${timestamp}`, 'accepted', { timestamp });
}

function headers(add: Add, random: () => number): void {
  const header = (key: string, text: string | Buffer | null = 'x'): Header => ({
    key,
    value: text === null ? null : Buffer.from(text),
  });
  const names = [
    'toString',
    '__proto__',
    'constructor',
    'hasOwnProperty',
    'valueOf',
    'length',
    '',
    ' ',
    'é',
    '\u0000',
  ];
  for (const name of names) add(`header '${name}'`, 'accepted', { headers: [header(name)] });
  add('header null', 'accepted', { headers: [header('a', null)] });
  add('header empty', 'accepted', { headers: [header('a', '')] });
  add('header twice', 'accepted', { headers: [header('a', '1'), header('b'), header('a', '2')] });
  add('header not UTF-8', 'accepted', { headers: [header('a', Buffer.from([0xff, 0x00, 0xc0]))] });
  add('a thousand headers', 'accepted', { headers: Array.from({ length: 1000 }, (_, i) => header(`h${i}`)) });
  add('header of 100 kB', 'accepted', { headers: [header('a', 'x'.repeat(100_000))] });
  for (let i = 0; i < 10; i++) {
    const noise = Array.from({ length: 5 }, () => header(String.fromCharCode(33 + random() * 90), 'x'));
    add('headers of noise', 'accepted', { headers: noise });
  }
  const forged = ['topic', 'partition', 'offset', 'reason', 'node'].map(name =>
    header(`kafka-rx.dead-letter.${name}`, '0'),
  );
  add('forged dead letter headers', 'accepted', { headers: forged });
  add('forged dead letter headers on a bad value', 'refused', { headers: forged, value: Buffer.from('{') });
}

/** Cut off anywhere: never whole, never of the type. */
function truncated(value: Value, random: () => number): void {
  for (let i = 0; i < 30; i++) {
    value('cut off', 'refused', id => {
      const whole = JSON.stringify(purchase(id));
      return whole.slice(0, 1 + Math.floor(random() * (whole.length - 1)));
    });
  }
}

/** One byte turned into one that JSON knows nowhere outside a text, at a place that is outside. */
function flipped(value: Value, random: () => number): void {
  for (let i = 0; i < 20; i++) {
    value('one byte changed', 'refused', id => {
      const whole = Buffer.from(JSON.stringify(purchase(id)));
      const places = [...whole.keys()].filter(at => '{}:,'.includes(String.fromCharCode(whole[at] ?? 0)));
      // A colon or a comma inside a text may be anything: the first place is the opening brace, and names have no colon.
      const outside = places.filter(at => whole[at] !== 0x3a || whole[at - 1] === 0x22);
      whole[outside[Math.floor(random() * outside.length)] ?? 0] = 0x07;
      return whole;
    });
  }
}

function escaped(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function bytesOf(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
