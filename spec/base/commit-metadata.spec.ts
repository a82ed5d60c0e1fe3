import {
  committedStoresIn,
  metadataOfStores,
  namesStore,
  sectionIn,
  storesNamedIn,
  withoutSection,
  withSection,
} from '../../lib/base/commit-metadata.js';

const stores = [
  { id: 's1', name: 'history', place: 'abc' },
  { id: 's2', name: 'a b,@=%ü', place: undefined },
];

describe('commit metadata', () => {
  test.each(['', 'a b', 'kafka-rx', 'kafka-rx s1 s2', ' two  blanks ', 'ünï'])(
    'text %j comes back as it was, whatever section was put behind it',
    text => {
      const whole = withSection(text, 'topic', 'an id = with/blanks');
      expect(sectionIn(whole, 'topic')).toBe('an id = with/blanks');
      expect(withoutSection(whole, 'topic')).toBe(text);
      expect(storesNamedIn(whole)).toEqual(storesNamedIn(text));
    },
  );

  test('a section is replaced and not doubled', () => {
    expect(withSection(withSection('a', 'topic', '1'), 'topic', '2')).toBe('a kafka-rx.topic=2');
  });

  test('stores are read beside sections that this version does not know, and by a reader that knows none', () => {
    const later = `${withSection(metadataOfStores(stores), 'topic', 't')} kafka-rx.cut=17`;
    expect(storesNamedIn(later)).toEqual(['s1', 's2']);
    expect(committedStoresIn(later)).toEqual(stores);
    expect(later.split(' ')).toEqual(expect.arrayContaining(['s1', 's2']));
    expect(sectionIn(later, 'topic')).toBe('t');
  });

  test('what was committed before there were sections, or by others, has none', () => {
    expect(storesNamedIn('kafka-rx s1 s2')).toEqual(['s1', 's2']);
    expect(storesNamedIn('s1 s2')).toEqual([]);
    expect(committedStoresIn('kafka-rx s1 s2')).toBeUndefined();
    expect(committedStoresIn('kafka-rx s1 kafka-rx.stores=x')).toEqual([
      { id: 's1', name: 'x', place: undefined },
    ]);
    expect(committedStoresIn('kafka-rx s1 kafka-rx.stores=x%2Cy')).toBeUndefined();
    expect(sectionIn('kafka-rx s1', 'topic')).toBeUndefined();
    expect(sectionIn('kafka-rx.topic=%E0%A4%A', 'topic')).toBeUndefined();
  });

  test('names and places are left out before ids are, and odd names do no harm', () => {
    const many = Array.from({ length: 60 }, (_, i) => ({
      id: `id-${i}`,
      name: `${'n'.repeat(50)}${i}`,
      place: 'p',
    }));
    const text = metadataOfStores(many);
    expect(storesNamedIn(text)).toHaveLength(60);
    expect(committedStoresIn(text)).toBeUndefined();
    expect(() => withSection(text, 'topic', 'x'.repeat(36))).not.toThrow();
    expect(committedStoresIn(metadataOfStores([{ id: 'a', name: '\ud800', place: undefined }]))).toHaveLength(
      1,
    );
  });

  test('what the brokers would refuse for its length is refused before it is sent', () => {
    expect(() => withSection('x'.repeat(4_090), 'topic', 't')).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION' }),
    );
    expect(withSection('x'.repeat(4_000), 'topic', 't')).toHaveLength(4_017);
  });
});

describe('stores whose ids are too many or too long are named by digests', () => {
  const many = (n: number) =>
    Array.from({ length: n }, (_, i) => ({
      id: `${i}`.padStart(36, '0'),
      name: `store-${i}`,
      place: undefined,
    }));

  test.each([110, 480])('%i of them fit, with the topic, and each is told from others', n => {
    const text = withSection(metadataOfStores(many(n)), 'topic', 'x'.repeat(36));
    const words = storesNamedIn(text);
    expect(words).toHaveLength(n);
    expect(many(n).every(({ id }) => namesStore(words, id))).toBe(true);
    expect(namesStore(words, 'another')).toBe(false);
    expect(committedStoresIn(text)).toBeUndefined();
  });

  test('what was read as a digest is known again, whichever form the next commit has', () => {
    const [id = ''] = storesNamedIn(
      metadataOfStores([{ id: 'x'.repeat(5_000), name: 's', place: undefined }]),
    );
    expect(id).toMatch(/^#.{8}$/);
    expect(namesStore([id], 'x'.repeat(5_000))).toBe(true);
    expect(namesStore(['x'.repeat(5_000)], id)).toBe(true);
    expect(namesStore(['y'], id)).toBe(false);
  });

  test('what does not fit even so is refused with how many do', () => {
    expect(() => metadataOfStores(many(500))).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION', message: expect.stringMatching(/500 stores.* 48\d/) }),
    );
  });
});
