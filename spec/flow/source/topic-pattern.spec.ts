import { checkTopicName } from '../../../lib/base/topic-name.js';
import type { TopicDescription } from '../../../lib/drivers/port.js';
import { selectTopics, type TopicSelector, topicPattern } from '../../../lib/flow/source/topic-pattern.js';

const topic = (name: string, internal = false): TopicDescription => ({
  name,
  id: name,
  partitions: 1,
  internal,
});
const existing = [
  topic('orders'),
  topic('orders.eu'),
  topic('rewards'),
  topic('__consumer_offsets', true),
  topic('__orders'),
  topic('orders-internal', true),
];

const select = (selectors: readonly TopicSelector[], outputs: readonly string[] = []): readonly string[] =>
  selectTopics(selectors.map(topicPattern), existing, new Set(outputs));

describe('the topics of a view', () => {
  test('a name, names, each once', () => {
    expect(select(['orders'])).toEqual(['orders']);
    expect(select([['rewards', 'orders', 'rewards'], 'orders'])).toEqual(['orders', 'rewards']);
  });

  test('a name is no pattern', () => {
    expect(topicPattern('orders.eu').matches('ordersXeu')).toBe(false);
  });

  test('a RegExp finds all that it matches, but no internal topic', () => {
    expect(select([/orders/])).toEqual(['orders', 'orders.eu']);
    expect(select([/.*/])).toEqual(['orders', 'orders.eu', 'rewards']);
  });

  test('a RegExp does not find what the app itself writes: that would be a loop', () => {
    expect(select([/.*/], ['orders.eu', 'rewards'])).toEqual(['orders']);
  });

  test('naming an internal topic, or an output, in full gets it', () => {
    expect(select(['__consumer_offsets', 'rewards'], ['rewards'])).toEqual(['__consumer_offsets', 'rewards']);
    expect(select([/^rewards$/, 'rewards'], ['rewards'])).toEqual(['rewards']);
  });

  test('a RegExp may find nothing, a name may not', () => {
    expect(select([/nothing/])).toEqual([]);
    expect(() => select(['orders', ['missing', 'rewards', 'gone']])).toThrow(
      expect.objectContaining({
        code: 'MISSING_TOPIC',
        message: expect.stringContaining("'missing', 'gone'"),
      }),
    );
  });

  test('asking twice gives the same answer', () => {
    const pattern = topicPattern(/^orders/i);
    expect([1, 2, 3].map(() => pattern.matches('Orders'))).toEqual([true, true, true]);
  });
});

describe('what is refused', () => {
  test.each([/orders/g, /orders/y, /orders/giu])('%s: its flag would skip every second topic', pattern => {
    expect(() => topicPattern(pattern)).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }));
  });

  test('no name at all', () => {
    expect(() => topicPattern([])).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }));
  });

  test.each(['', '.', '..', 'a b', 'a/b', 'ö', 'a\n', 'x'.repeat(250)])('%j as a name', name => {
    const refused = expect.objectContaining({ code: 'CONFIGURATION' });
    expect(() => checkTopicName(name)).toThrow(refused);
    expect(() => topicPattern(name)).toThrow(refused);
    expect(() => topicPattern(['fine', name])).toThrow(refused);
  });

  test.each(['a', '...', 'a.b_c-D9', 'x'.repeat(249)])('but not %j', name => {
    expect(() => checkTopicName(name)).not.toThrow();
  });
});
