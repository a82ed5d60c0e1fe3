import { createApp, resetGroup } from 'kafka-rx';
import { MemoryBroker, memory } from 'kafka-rx/memory';
import { checkStartFrom } from '../../lib/base/check-start-from.js';

/** What a program without types may say, and what it is told to do. */
const wrong: readonly (readonly [unknown, RegExp])[] = [
  [{ timestamp: -1 }, /earliest/],
  [{ timestamp: -86_400_000 }, /earliest/],
  [{ timestamp: Number.NaN }, /whole number/],
  [{ timestamp: 1.5 }, /whole number/],
  [{ timestamp: 2 ** 60 }, /whole number/],
  [{ timestamp: Number.POSITIVE_INFINITY }, /whole number/],
  [{ timestamp: Number.NEGATIVE_INFINITY }, /earliest/],
  [{ timestamp: '0' }, /earliest/],
  [{ timestamp: new Date(0) }, /getTime/],
  [new Date(0), /getTime/],
  [0, /earliest/],
  [null, /earliest/],
  ['begining', /earliest/],
  [{}, /earliest/],
];

describe('where to begin', () => {
  test.each(['earliest', 'latest', { timestamp: 0 }, { timestamp: Number.MAX_SAFE_INTEGER }])(
    '%j is taken',
    at => {
      expect(() => checkStartFrom('startFrom', at)).not.toThrow();
    },
  );

  test.each(wrong)('%j is refused, with what to say instead', async (at, remedy) => {
    const refusal = { code: 'CONFIGURATION', remedy: expect.stringMatching(remedy) };
    const broker = new MemoryBroker();
    broker.createTopic('in', 1);
    broker.publish('in', [{ value: 'a' }]);
    const driver = memory({ broker });
    // The cast stands for a program without types.
    const said = at as 'earliest';
    expect(() => createApp({ groupId: 'group', driver, startFrom: said })).toThrow(
      expect.objectContaining(refusal),
    );
    await expect(resetGroup({ driver, groupId: 'group', topics: ['in'], to: said })).rejects.toMatchObject(
      refusal,
    );
    expect(broker.committed('group', 'in')).toEqual([-1]);
  });
});
