/** A cut is in all changelogs of a task or in none. Where one of them has lost it, or does not show it yet, that is told. */
import { number, string } from 'kafka-rx';
import { count } from 'kafka-rx/state';
import { share } from 'rxjs';
import type { App } from '../../../lib/app/interface.js';
import type { StateBackends } from '../../../lib/state/backend.js';
import { memoryBackends } from '../../../lib/state/memory-backend.js';
import type { OnMissingCut } from '../../../lib/state/state.js';
import { driverWithReaders } from '../driver-with.js';
import { type Member, Members } from '../members.js';

const texts = { key: string, value: string };
const counts = { key: string, value: number };
const cutKey = '\0\0kafka-rx/cut';
const [input, one, other] = ['in', 'group-one-changelog', 'group-other-changelog'];

/** Counts the same in states of these names, each of which has an output of its name. */
function counting(states: readonly string[] = ['one', 'other'], onMissingCut?: OnMissingCut) {
  return (app: App): void => {
    const in$ = app.topic(input, texts).pipe(share());
    for (const name of states)
      in$
        .pipe(count(app.state(name, { ...counts, ...(name === 'other' ? { onMissingCut } : {}) })))
        .subscribe(app.to(`to-${name}`, counts));
  };
}

const put = (all: Members, keys: string) => {
  const records = [...keys].map(key => ({ key, value: 'x' }));
  all.broker.publish(input, records);
};
const results = (all: Members, state: string) =>
  all.broker.records(`to-${state}`).map(({ key, value }) => `${key}${value}`);
const cutsIn = (all: Members, changelog: string) =>
  all.broker.records(changelog).filter(({ key }) => key?.toString('latin1') === cutKey);

/** Each record has a unit. */
async function counted(keys: string, states?: readonly string[]): Promise<Members> {
  const all = new Members({ in: 1, 'to-one': 1, 'to-other': 1 });
  await run(all, keys, states);
  return all;
}

async function run(all: Members, keys: string, states?: readonly string[]): Promise<void> {
  const member = all.start(counting(states));
  for (const key of keys) {
    put(all, key);
    await all.pass(1_000);
  }
  await all.stop(member);
}

/** As a leader that did not have the last transaction of the changelog. */
function loseLast(all: Members, topic: string): void {
  const offset = cutsIn(all, topic).at(-2)?.offset ?? -1;
  // Behind the cut is the mark of its transaction.
  all.broker.truncate({ topic, partition: 0 }, offset + 2);
}

async function started(all: Members, ...how: Parameters<typeof counting>): Promise<Member> {
  const member = all.start(counting(...how));
  await all.pass(1_000);
  return member;
}

const retriesOf = ({ events }: Member) =>
  events.filter(event => event.type === 'driver' && event.event.type === 'retrying');

/** Until it is aborted a reader of committed records sees the end of the changelog in front of what comes next. */
const openIn = (all: Members, topic: string) => {
  const open = all.broker.transaction();
  open.publish(topic, [{ key: 'z', value: '9' }]);
  return open;
};

test('a changelog that has lost its end beside one that has not is refused by name', async () => {
  const all = await counted('aab');
  loseLast(all, other);
  const { outcome } = await started(all);
  const [end] = all.broker.endOffsets(other);
  expect(outcome).toMatchObject({
    code: 'CUT_TORN',
    retriable: false,
    message: expect.stringContaining(
      `cut 3 was written to all of them, and that of 'other', ${other}, ends at offset ${end} with cut 2`,
    ),
    at: { topic: other, partition: 0, offset: end },
    remedy: expect.stringContaining('onMissingCut'),
  });
  expect(results(all, 'other')).toEqual(['a1', 'a2', 'b1']);
});

test('so is one that was deleted', async () => {
  const all = await counted('aab');
  all.broker.deleteTopic(other);
  const { outcome } = await started(all);
  expect(outcome).toMatchObject({ code: 'CUT_TORN', message: expect.stringContaining('with no cut') });
});

test("'empty': the state that is behind begins anew, the others go on, and all are of one cut again", async () => {
  const all = await counted('aab');
  loseLast(all, other);
  const member = await started(all, undefined, 'empty');
  put(all, 'a');
  await all.pass(1_000);
  await all.stop(member);
  expect([results(all, 'one').slice(3), results(all, 'other').slice(3)]).toEqual([['a3'], ['a1']]);
  await run(all, 'ab');
  expect([results(all, 'one').slice(4), results(all, 'other').slice(4)]).toEqual([
    ['a4', 'b2'],
    ['a2', 'b1'],
  ]);
});

test("'keep': it goes on with what it has", async () => {
  const all = await counted('aab');
  loseLast(all, other);
  const member = await started(all, undefined, 'keep');
  put(all, 'ab');
  await all.pass(1_000);
  await all.stop(member);
  expect([results(all, 'one').slice(3), results(all, 'other').slice(3)]).toEqual([
    ['a3', 'b2'],
    ['a3', 'b1'],
  ]);
});

test('a state that is new in the topology is not behind, nor one that was away', async () => {
  const all = await counted('aa', ['one']);
  await run(all, 'a');
  expect([results(all, 'one'), results(all, 'other')]).toEqual([['a1', 'a2', 'a3'], ['a1']]);
  await run(all, 'aa', ['one']);
  await run(all, 'a');
  expect(results(all, 'one').at(-1)).toBe('a6');
  expect(results(all, 'other')).toEqual(['a1', 'a2']);
  expect(cutsIn(all, other).at(-1)?.value).toEqual(cutsIn(all, one).at(-1)?.value);
});

test('cuts of older versions, which do not say of which states they are, are taken as they were', async () => {
  const all = await counted('aa');
  const { number, positions, numbers } = JSON.parse(`${cutsIn(all, one).at(-1)?.value}`);
  const older = JSON.stringify({ version: 1, number: number + 1, positions, numbers });
  all.broker.publish(one, [{ key: cutKey, value: older }]);
  await run(all, 'a');
  expect([results(all, 'one').at(-1), results(all, 'other').at(-1)]).toEqual(['a3', 'a3']);
});

test('what a transaction hides that is open is waited for', async () => {
  const all = await counted('aa');
  const open = openIn(all, other);
  await run(all, 'a');
  const member = await started(all);
  await all.pass(30_000);
  expect(member.outcome).toBe('running');
  expect(member.app.health().reasons).toEqual([
    expect.stringMatching(/tries again: gate of in-0 .*cut 3 was written to all .* does not show yet/),
  ]);
  open.abort();
  put(all, 'a');
  await all.pass(1_000);
  expect([results(all, 'one').at(-1), results(all, 'other').at(-1)]).toEqual(['a4', 'a4']);
  expect(member.app.health().reasons).toEqual([]);
  await all.stop(member);
});

test('but not for longer than it may be open', async () => {
  const all = await counted('aa');
  openIn(all, other);
  await run(all, 'a');
  const member = await started(all);
  await all.pass(100_000);
  expect(member.outcome).toMatchObject({ code: 'CUT_TORN', retriable: false });
});

test('a member that goes on with what it has committed itself does not wait to see it', async () => {
  const all = await counted('aa');
  const member = await started(all);
  const open = openIn(all, other);
  put(all, 'a');
  await all.pass(1_000);
  all.broker.faults.rebalance('group');
  await all.pass(1_000);
  put(all, 'a');
  await all.pass(1_000);
  expect([results(all, 'one').at(-1), results(all, 'other').at(-1)]).toEqual(['a4', 'a4']);
  open.abort();
  await all.stop(member);
});

test('unless a changelog has lost it, exactly to where it goes on', async () => {
  const all = await counted('aa');
  const member = await started(all);
  put(all, 'a');
  await all.pass(1_000);
  all.broker.truncate({ topic: other, partition: 0 }, cutsIn(all, other).at(-1)?.offset ?? -1);
  all.broker.faults.rebalance('group');
  await all.pass(1_000);
  expect(member.outcome).toMatchObject({ code: 'CUT_TORN', retriable: false });
});

test.each([
  [1, 0],
  [4, 2],
])('a changelog of which %i readers saw the end too early is read to its end', async (times, askedAgain) => {
  const all = await counted('aab');
  let early = times;
  const driver = driverWithReaders(all, open => options => {
    const found = open(options);
    if (options.topic !== other || early-- <= 0) return found;
    return { next: async () => undefined, close: () => found.close() };
  });
  const member = all.start(counting(), { driver });
  put(all, 'a');
  await all.pass(5_000);
  expect(retriesOf(member)).toHaveLength(askedAgain);
  expect([results(all, 'one').at(-1), results(all, 'other').at(-1)]).toEqual(['a3', 'a3']);
  await all.stop(member);
});

test('a commit whose cut does not show in the changelog yet is waited for', async () => {
  const all = await counted('aa', ['one']);
  const open = openIn(all, one);
  await run(all, 'a', ['one']);
  const member = await started(all, ['one']);
  await all.pass(30_000);
  expect(member.outcome).toBe('running');
  expect(member.app.health().reasons).toEqual([
    expect.stringMatching(
      /tries again: where to begin in-0 .*has committed cut 3 of in\/0, .* does not show yet/,
    ),
  ]);
  open.abort();
  put(all, 'a');
  await all.pass(1_000);
  expect(results(all, 'one')).toEqual(['a1', 'a2', 'a3', 'a4']);
  await all.stop(member);
});

test('but not for longer than its transaction may be open either', async () => {
  const all = await counted('aa', ['one']);
  openIn(all, one);
  await run(all, 'a', ['one']);
  const member = await started(all, ['one']);
  await all.pass(100_000);
  expect(member.outcome).toMatchObject({ code: 'CUT_MISSING', retriable: false });
});

test('a commit that is older than what is kept is looked up once more, and then refused', async () => {
  const all = await counted('aa', ['one']);
  const group = all.broker.cluster.group('group');
  const at = { topic: input, partition: 0 };
  const [now, before] = [group.committed(at), { offset: 1, metadata: 'kafka-rx.cut=1' }];
  group.setCommitted(at, before.offset, before);
  const passing = all.start(counting(['one']));
  for (let i = 0; i < 50 && retriesOf(passing).length === 0; i++) await all.pass(10);
  expect(retriesOf(passing)).toHaveLength(1);
  group.setCommitted(at, now.offset, now);
  await all.pass(1_000);
  put(all, 'a');
  await all.pass(1_000);
  expect(results(all, 'one')).toEqual(['a1', 'a2', 'a3']);
  await all.stop(passing);
  group.setCommitted(at, before.offset, before);
  const lasting = await started(all, ['one']);
  expect(lasting.outcome).toMatchObject({ code: 'CUT_MISSING', retriable: false });
});

/** A process died while it applied the last cut of the changelog: rows may be as new as that. */
function diedInApply(all: Members, topic: string): StateBackends {
  // Behind the cut is the mark of its transaction.
  const offset = (all.broker.endOffsets(topic)[0] ?? 0) - 2;
  const topicId = all.broker.cluster.topicId(topic) ?? '';
  return {
    async open(task) {
      const backend = await memoryBackends.open(task);
      Object.defineProperty(backend, 'ahead', { value: new Map([[topic, { topicId, offset }]]) });
      return backend;
    },
  };
}

const countingIn =
  (backend: StateBackends) =>
  (app: App): void =>
    void app
      .topic(input, texts)
      .pipe(count(app.state('one', { ...counts, backend })))
      .subscribe(app.to('to-one', counts));

test('a changelog that ends before what was applied of it is waited for where a transaction hides the rest', async () => {
  const all = await counted('aa', ['one']);
  const open = openIn(all, one);
  await run(all, 'a', ['one']);
  const member = all.start(countingIn(diedInApply(all, one)));
  await all.pass(10_000);
  expect(member.outcome).toBe('running');
  expect(member.app.health().reasons).toEqual([
    expect.stringMatching(/tries again: gate of in-0 .*'one' shows less than the copy of it has/),
  ]);
  open.abort();
  put(all, 'a');
  await all.pass(1_000);
  expect(results(all, 'one').at(-1)).toBe('a4');
  await all.stop(member);
});

test('and is lost where there is no more of it', async () => {
  const all = await counted('aaa', ['one']);
  const backend = diedInApply(all, one);
  loseLast(all, one);
  const member = all.start(countingIn(backend));
  await all.pass(1_000);
  expect(member.outcome).toMatchObject({
    code: 'CHANGELOG_LOST',
    retriable: false,
    message: expect.stringContaining('has lost its end'),
  });
});
