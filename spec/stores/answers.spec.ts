/** What a store of somebody else's answers is looked at: what is no answer is no durable write, and no offset to begin at. */
import { type DocumentStore, isKafkaRxError, memoryStore, resetGroup, string } from 'kafka-rx';
import { memory } from 'kafka-rx/memory';
import { NEVER, timer } from 'rxjs';
import { Members } from '../app/members.js';

type Positions = NonNullable<DocumentStore<string>['positions']>;
const value = string;

const unawaited: readonly (readonly [string, () => unknown])[] = [
  ['an Observable', () => timer(1)],
  ['a promise of an Observable', async () => NEVER],
  [
    'an async generator',
    async function* () {
      yield 1;
    },
  ],
  ['a list of promises', () => [new Promise(() => {})]],
  ['a promise of a list of promises', async () => [new Promise(() => {})]],
  ['a function', () => () => {}],
  ['a promise of a function', async () => () => {}],
  ['false', () => false],
  ['a number', () => 5],
  ['null', () => null],
  ['an object', () => ({})],
];

const started = async (make: (members: Members) => DocumentStore<string>) => {
  const members = new Members({ in: 1 });
  members.publish('in', 'a');
  const member = members.start(app => app.topic('in', { value }).subscribe(app.store(make(members))));
  await members.settle();
  await members.pass(100);
  return { members, member };
};

test.each(unawaited)(
  'a write that gives %s is a store error, and nothing is committed',
  async (_what, write) => {
    const { members, member } = await started(() => ({
      ...memoryStore<string>('theirs'),
      write: write as never,
    }));
    expect(member.outcome).toMatchObject({
      code: 'STORE',
      message: expect.stringMatching(/theirs.*write.*must give undefined or a promise/),
      at: { topic: 'in', offset: 0 },
    });
    expect(members.committed('in')).toEqual([-1]);
  },
);

test.each(['a row', 1, [1, 2], { changed: 1 }, undefined, null, true])(
  'a write may resolve to whatever its database says: %j',
  async said => {
    const { members, member } = await started(() => ({
      ...memoryStore<string>('theirs'),
      write: (async () => said) as never,
    }));
    expect([member.outcome, members.committed('in')]).toEqual(['running', [1]]);
  },
);

const withPositions = (over: object): DocumentStore<string> => {
  const store = memoryStore<string>('theirs');
  return { ...store, positions: { ...store.positions, ...over } as Positions };
};

test.each(unawaited)(
  'positions.advance that gives %s commits nothing, and says so',
  async (_what, advance) => {
    const { members, member } = await started(() => withPositions({ advance }));
    expect(members.committed('in')).toEqual([-1]);
    expect(member.app.health().reasons.join()).toMatch(/theirs.*advance.*must give undefined or a promise/);
  },
);

const later = async () => {};
const answers: readonly (readonly [keyof Positions, string, object])[] = [
  ...[Number.NaN, -1, '5', 3.5, Number.POSITIVE_INFINITY, null, 5n, later()].map(
    answer => ['read', String(answer), { read: () => answer }] as const,
  ),
  ...[[Number.NaN], [-5], [2.5], ['2'], [Number.POSITIVE_INFINITY], [], 5, null, undefined, later()].map(
    answer => ['wholeFrom', String(answer), { wholeFrom: () => answer }] as const,
  ),
  ...[later(), 'no', 1, undefined].map(answer => ['isNew', String(answer), { isNew: () => answer }] as const),
  ...[{}, 5, '', 'a b', later(), null].map(
    answer => ['place', String(answer), { place: () => answer }] as const,
  ),
  ...[undefined, 'a', [5], later()].map(
    answer => ['standsFor', String(answer), { isNew: () => true, standsFor: () => answer }] as const,
  ),
  ...['', 'a b', 'kafka-rx.topic=1', undefined, 5, {}].map(id => ['id', String(id), { id }] as const),
];

test.each(answers)('positions.%s that gives %s fails the app by name', async (method, _what, over) => {
  const members = new Members({ in: 1 });
  members.publish('in', 'a');
  let outcome: unknown;
  try {
    const member = members.start(app => app.topic('in', { value }).subscribe(app.store(withPositions(over))));
    await members.settle();
    ({ outcome } = member);
  } catch (error) {
    // While it is wired.
    outcome = error;
  }
  if (!isKafkaRxError(outcome)) throw new Error('no error of ours');
  expect(outcome.code).toBe('STORE');
  expect(outcome.message).toMatch(new RegExp(`theirs.*${method}.*must give`));
});

test('offsets at the bounds of what there is are taken', async () => {
  const { members, member } = await started(() =>
    withPositions({ read: () => 0, wholeFrom: (s: readonly unknown[]) => s.map(() => 0) }),
  );
  expect([member.outcome, members.committed('in')]).toEqual(['running', [1]]);
});

test.each(unawaited)('open that gives %s fails the start, and nothing is read', async (_what, open) => {
  const { members, member } = await started(() => ({
    ...memoryStore<string>('theirs'),
    open: open as never,
  }));
  expect(member.outcome).toMatchObject({
    code: 'STORE',
    message: expect.stringMatching(/theirs.*be opened.*must give undefined or a promise/),
  });
  expect(members.committed('in')).toEqual([-1]);
});

test.each(['open', 'close', 'reincarnate'])(
  'a reset of a store whose %s gives no promise says so',
  async method => {
    const members = new Members({ in: 1 });
    const own = memoryStore<string>('theirs');
    const over = { [method]: () => NEVER };
    const store = method === 'reincarnate' ? withPositions(over) : { ...own, ...over };
    const driver = memory({ broker: members.broker });
    const done = resetGroup({ driver, groupId: 'g', topics: ['in'], to: 'earliest', stores: [store] });
    const outcome = done.then(
      () => 'done',
      error => error,
    );
    await members.settle();
    expect(await outcome).toMatchObject({ code: 'STORE', message: expect.stringContaining('theirs') });
  },
);
