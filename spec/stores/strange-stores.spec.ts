/** A store of somebody else's that throws, wherever it is asked: one mechanism says of which store, and of what. */
import { type DocumentStore, isKafkaRxError, resetGroup, string } from 'kafka-rx';
import { memory } from 'kafka-rx/memory';
import { held, Members } from '../app/members.js';
import { strangers } from '../errors/strangers.js';

type Store = DocumentStore<string>;
type Positions = NonNullable<Store['positions']>;

const storeOf = (parts: Partial<Store>, positions?: Partial<Positions>): Store =>
  // Neither the app nor a reset calls anything else.
  ({
    name: 'theirs',
    open: async () => {},
    write: () => undefined,
    close: async () => {},
    ...(positions === undefined
      ? {}
      : {
          positions: Object.defineProperties(
            { id: 'i', read: () => undefined, advance: () => undefined, reincarnate: async () => {} },
            Object.getOwnPropertyDescriptors(positions),
          ),
        }),
    ...parts,
  }) as Store;

type Ask = readonly [string, (fail: () => never) => Store];
const asked: readonly Ask[] = [
  ['be opened', fail => storeOf({ open: fail })],
  ['be opened', fail => storeOf({ open: async () => fail() })],
  ['write', fail => storeOf({ write: fail })],
  ['write', fail => storeOf({ write: async () => fail() })],
  ...(['isNew', 'place', 'standsFor', 'wholeFrom', 'read'] as const).map(
    (method): Ask => [
      `be asked for its positions (${method})`,
      fail => storeOf({}, { isNew: () => true, [method]: fail }),
    ],
  ),
  ['be asked for its positions (id)', fail => storeOf({}, Object.defineProperty({}, 'id', { get: fail }))],
];

describe.each(asked)('a store that could not %s', (doing, make) => {
  test.each(strangers)('%s fails the app with its name', async (_, thing) => {
    const members = new Members({ in: 1 });
    members.publish('in', 'a');
    const store = make(() => {
      throw thing();
    });
    let outcome: unknown;
    try {
      const member = members.start(app => app.topic('in', { value: string }).subscribe(app.store(store)));
      await members.settle();
      ({ outcome } = member);
    } catch (error) {
      // While it is wired.
      outcome = error;
    }
    if (!isKafkaRxError(outcome)) throw new Error('no error of ours');
    expect(outcome.code).toBe('STORE');
    if (!isKafkaRxError(thing()))
      expect(outcome.message).toContain(`The store 'theirs' could not ${doing}: `);
  });
});

describe('positions that cannot be noted hold the commit up and say why', () => {
  test.each(strangers)('%s', async (_, thing) => {
    for (const fail of [
      () => {
        throw thing();
      },
      () => Promise.reject(thing()),
    ]) {
      const members = new Members({ in: 1 });
      members.publish('in', 'a');
      const member = members.start(app =>
        app.topic('in', { value: string }).subscribe(app.store(storeOf({}, { advance: fail as never }))),
      );
      await members.settle();
      await members.pass(100);
      expect(members.committed('in')).toEqual([-1]);
      expect(member.app.health().reasons.join()).toContain('commit');
      void member.app.stop();
      await members.pass(60_000);
    }
  });
});

describe('a reset', () => {
  const reset = async (...stores: Store[]): Promise<unknown> => {
    const members = new Members({ in: 1 });
    const options = {
      driver: memory({ broker: members.broker }),
      groupId: 'g',
      topics: ['in'],
      to: 'earliest' as const,
      stores,
    };
    const done = held<unknown>();
    resetGroup(options).then(done.resolve, error => done.resolve([error]));
    await members.settle();
    return done.promise;
  };

  test.each<[string, (fail: () => never) => Store]>([
    ['be opened', fail => storeOf({ open: fail })],
    ['be reset', fail => storeOf({}, { reincarnate: fail })],
    ['be reset', fail => storeOf({}, { reincarnate: async () => fail() })],
    ['be closed', fail => storeOf({ close: fail })],
  ])('of one that could not %s says so, and all others are closed', async (doing, make) => {
    for (const [, thing] of strangers) {
      let closed = 0;
      const other = storeOf({ close: async () => void closed++ });
      const failing = make(() => {
        throw thing();
      });
      const [error] = (await reset(other, failing, other)) as unknown[];
      if (!isKafkaRxError(error)) throw new Error('no error of ours');
      expect(error.code).toBe('STORE');
      if (!isKafkaRxError(thing()))
        expect(error.message).toContain(`The store 'theirs' could not ${doing}: `);
      expect(closed).toBe(2);
    }
  });
});
