import fc from 'fast-check';
import { assign } from '../../lib/drivers/assignor.js';
import { decodeUserData, encodeUserData } from '../../lib/drivers/assignor-user-data.js';
import type { TopicPartition } from '../../lib/drivers/port.js';

const name = ({ topic, partition }: TopicPartition) => `${topic}:${partition}`;

const dataArb = fc.record({
  owned: fc.uniqueArray(
    fc.record({ topic: fc.constantFrom('a', 'b.ü', '__proto__'), partition: fc.nat(200_000) }),
    { selector: name, maxLength: 50 },
  ),
  coPartitioned: fc.array(fc.array(fc.constantFrom('a', 'c'), { maxLength: 3 }), { maxLength: 3 }),
});

/** What comes behind the head: number, length and content of each section. */
interface Section {
  readonly number: number;
  readonly content: Buffer;
}

/** A section of a version that is not written yet. */
const sectionArb: fc.Arbitrary<Section> = fc.record({
  number: fc.integer({ min: 4, max: 2 ** 28 - 1 }),
  content: fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes)),
});

const headBytes = 7;

function sectionsOf(bytes: Buffer): Section[] {
  const sections: Section[] = [];
  let at = headBytes;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes.readUInt8(at++);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const section = number();
    const length = number();
    sections.push({ number: section, content: bytes.subarray(at, at + length) });
    at += length;
  }
  return sections;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** As a member of that version writes it. */
function written(version: number, sections: readonly Section[]): Buffer {
  const body = Buffer.concat(
    sections.flatMap(({ number, content }) => [varint(number), varint(content.length), content]),
  );
  const checksum = [version, ...body].reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), 0x811c9dc5);
  const head = Buffer.from([0x6b, 0x78, version, 0, 0, 0, 0]);
  head.writeUInt32BE(checksum >>> 0, 3);
  return Buffer.concat([head, body]);
}

test('comes back from its bytes', () => {
  fc.assert(
    fc.property(dataArb, data => {
      const decoded = decodeUserData(encodeUserData(data));
      expect(decoded?.owned.map(name).sort()).toEqual(data.owned.map(name).sort());
      expect(decoded?.coPartitioned).toEqual(data.coPartitioned);
    }),
  );
});

test('is ignored when foreign, damaged or cut short', () => {
  fc.assert(
    fc.property(fc.uint8Array(), bytes => {
      expect(decodeUserData(Buffer.from(bytes))).toBeUndefined();
    }),
  );
  fc.assert(
    fc.property(dataArb, fc.nat(), fc.integer({ min: 1, max: 255 }), (data, at, flip) => {
      const bytes = encodeUserData(data);
      expect(decodeUserData(bytes.subarray(0, at % bytes.length))).toBeUndefined();
      const damaged = Buffer.from(bytes);
      damaged[at % bytes.length] = (damaged[at % bytes.length] ?? 0) ^ flip;
      expect(decodeUserData(damaged)).toBeUndefined();
      expect(decodeUserData(Buffer.concat([bytes, Buffer.from([0])]))).toBeUndefined();
    }),
  );
  expect(decodeUserData(null)).toBeUndefined();
  expect(decodeUserData(Buffer.alloc(0))).toBeUndefined();
});

test('is ignored when its writer has a defect that the checksum covers', () => {
  fc.assert(
    fc.property(dataArb, fc.nat(2), fc.nat(), (data, section, keep) => {
      fc.pre((sectionsOf(encodeUserData(data))[section]?.content.length ?? 0) > 0);
      const sections = sectionsOf(encodeUserData(data)).map((one, i) =>
        i === section ? { ...one, content: one.content.subarray(0, keep % one.content.length) } : one,
      );
      expect(decodeUserData(written(2, sections))).toBeUndefined();
    }),
  );
});

test('takes about a byte a partition', () => {
  const owned = Array.from({ length: 1000 }, (_, partition) => ({ topic: 'purchases', partition }));
  expect(encodeUserData({ owned, coPartitioned: [] }).length).toBeLessThan(1050);
});

describe('of other versions', () => {
  test('is read whatever sections a later one adds, wherever, and whatever it adds to the known ones', () => {
    const placedArb = fc.array(fc.tuple(fc.nat(3), sectionArb), { maxLength: 5 });
    const behindArb = fc.uint8Array({ maxLength: 20 });
    fc.assert(
      fc.property(
        dataArb,
        fc.integer({ min: 2, max: 255 }),
        placedArb,
        behindArb,
        (data, version, placed, behind) => {
          const ours = encodeUserData(data);
          const sections: Section[] = sectionsOf(ours).map(({ number, content }) => ({
            number,
            content: Buffer.concat([content, behind]),
          }));
          for (const [at, section] of placed) sections.splice(at, 0, section);
          expect(decodeUserData(written(version, sections))).toEqual(decodeUserData(ours));
        },
      ),
    );
  });

  test('is read without the sections that it does not have', () => {
    const [topics, owned, groups] = sectionsOf(
      encodeUserData({ owned: [{ topic: 'a', partition: 1 }], coPartitioned: [['a', 'b']] }),
    ) as [Section, Section, Section];
    expect(decodeUserData(written(2, []))).toEqual({ owned: [], coPartitioned: [] });
    expect(decodeUserData(written(2, [topics, groups]))).toEqual({ owned: [], coPartitioned: [['a', 'b']] });
    expect(decodeUserData(written(2, [topics, owned]))).toEqual({
      owned: [{ topic: 'a', partition: 1 }],
      coPartitioned: [],
    });
  });

  // Recorded from the encoder of version 1.
  const first = [
    { hex: '6b7801117697cd0000', data: { owned: [], coPartitioned: [] } },
    {
      hex: '6b78011b2bb28f03016104622ec3bc016302000301c09a0c00020200020101',
      data: {
        owned: [
          { topic: 'a', partition: 0 },
          { topic: 'a', partition: 3 },
          { topic: 'b.ü', partition: 200_000 },
        ],
        coPartitioned: [['a', 'c'], ['b.ü']],
      },
    },
    {
      hex: `6b7801cb810c9103087061747465726e7309707572636861736573077265776172647300ac0200${'01'.repeat(299)}000103000102`,
      data: {
        owned: Array.from({ length: 300 }, (_, partition) => ({ topic: 'purchases', partition })),
        coPartitioned: [['patterns', 'purchases', 'rewards']],
      },
    },
    {
      hex: '6b78012ae0a8c801095f5f70726f746f5f5f01010100',
      data: { owned: [{ topic: '__proto__', partition: 1 }], coPartitioned: [[]] },
    },
  ];

  test.each(first)('is read where it is the first: $hex', ({ hex, data }) => {
    const bytes = Buffer.from(hex, 'hex');
    expect(decodeUserData(bytes)).toEqual(data);
    for (let length = 0; length < bytes.length; length++) {
      expect(decodeUserData(bytes.subarray(0, length))).toBeUndefined();
    }
    expect(decodeUserData(Buffer.concat([bytes, Buffer.of(0)]))).toBeUndefined();
  });

  test('keeps tasks whole and where they are in a group of members of three versions', () => {
    const partitions = new Map([
      ['a', 6],
      ['b', 6],
    ]);
    const topics = [...partitions.keys()];
    const has = (...numbers: readonly number[]) =>
      topics.flatMap(topic => numbers.map(partition => ({ topic, partition })));
    const ofThird = sectionsOf(encodeUserData({ owned: has(4, 5), coPartitioned: [['a', 'b']] }));
    const later: Section = { number: 9, content: Buffer.from('where its state is') };
    const asked = [
      // The first version's, of a member with a:0, a:1, b:0, b:1 and the group of a and b.
      { memberId: 'm1', bytes: Buffer.from('6b7801eb87bd3a020161016202000102000101020001', 'hex') },
      { memberId: 'm2', bytes: encodeUserData({ owned: has(2, 3), coPartitioned: [['a', 'b']] }) },
      { memberId: 'm3', bytes: written(7, [later, ...ofThird]) },
    ].map(({ memberId, bytes }) => ({ memberId, topics, known: decodeUserData(bytes) }));
    const assigned = assign({
      members: asked.map(({ memberId, known }) => ({ memberId, topics, owned: known?.owned ?? [] })),
      partitions,
      coPartitioned: asked.flatMap(({ known }) => known?.coPartitioned ?? []),
    });
    expect([...assigned].map(([memberId, got]) => [memberId, got.map(name)])).toEqual([
      ['m1', has(0, 1).map(name)],
      ['m2', has(2, 3).map(name)],
      ['m3', has(4, 5).map(name)],
    ]);
    // Of the groups that only one of them knows, too.
    for (const { known } of asked) expect(known?.coPartitioned).toEqual([['a', 'b']]);
  });
});
