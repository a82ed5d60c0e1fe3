/** What is one task: its inputs are committed by one unit, in one cut, and it is called by them alone. */
import { number, string } from 'kafka-rx';
import { mergeNamed } from 'kafka-rx/operators';
import { count } from 'kafka-rx/state';
import { testApp } from 'kafka-rx/testing';
import type { App } from '../../../lib/app/interface.js';
import { driverWith } from '../driver-with.js';
import { Members } from '../members.js';

const texts = { key: string, value: string };
const counts = { key: string, value: number };

function counted(app: App, name: string, ...topics: readonly string[]): void {
  mergeNamed(`into ${name}`, ...topics.map(topic => app.topic(topic, texts)))
    .pipe(count(app.state(name, counts)))
    .subscribe(app.to('out', { ...counts, keyBy: (_, { key }) => `${name} ${key}` }));
}

const results = (all: Members) => all.broker.records('out').map(({ key, value }) => `${key}${value}`);

test('orders beside customers, and orders beside payments: no partition is in two tasks', async () => {
  const t = await testApp(app => {
    counted(app, 'named', 'orders', 'customers');
    counted(app, 'paid', 'orders', 'payments');
  });
  expect(t.app.describe().subTopologies).toEqual([
    {
      name: 'customers+orders+payments',
      inputs: ['customers', 'orders', 'payments'],
      states: ['named', 'paid'],
    },
  ]);
  for (const topic of ['customers', 'payments', 'orders']) t.pipeIn(topic, [{ key: 'a', value: 'x' }]);
  await t.idle();
  const read = t.read('out', counts).map(({ key, value }) => `${key}${value}`);
  expect(read).toEqual(['named a1', 'paid a1', 'named a2', 'paid a2']);
  await t.stop();
});

test('a state that is wired in front renames no task, and what was counted goes on', async () => {
  const all = new Members({ in: 2, out: 1 });
  const opened: Set<string>[] = [];
  const driver = () =>
    driverWith(all, ({ unitOfWork }) => ({
      unitOfWork: (task, ...rest) => {
        opened.at(-1)?.add(task);
        return unitOfWork?.(task, ...rest) as never;
      },
    }));
  const names = ['counts'];
  for (let run = 0; run < 2; run++) {
    opened.push(new Set());
    const member = all.start(app => names.forEach(name => void counted(app, name, 'in')), {
      driver: driver(),
    });
    all.broker.publish('in', [{ key: 'a', value: 'x' }]);
    await all.pass(2_000);
    await all.stop(member);
    expect(member.outcome).toBe('done');
    names.unshift('before');
  }
  const [first, second] = opened;
  expect(second).toEqual(first);
  expect(results(all)).toEqual(['counts a1', 'before a1', 'counts a2']);
});

describe('the offsets of two inputs', () => {
  const topology = (app: App): void => counted(app, 'counts', 'one', 'other');
  const both = (all: Members) => {
    for (const topic of ['one', 'other']) all.broker.publish(topic, [{ key: 'a', value: 'x' }]);
  };
  const committed = (all: Members) => [...all.committed('one'), ...all.committed('other')];

  test('go with one commit: refused, it has moved neither', async () => {
    const all = new Members({ one: 1, other: 1, out: 1 });
    const member = all.start(topology);
    both(all);
    await all.pass(1_000);
    expect(committed(all)).toEqual([1, 1]);
    all.broker.faults.refuseCommits(1);
    both(all);
    const seen: number[][] = [];
    for (let i = 0; i < 100; i++) {
      await all.pass(10);
      seen.push(committed(all));
    }
    const isRefused = member.events.some(
      event => event.type === 'commit' && event.result.error !== undefined,
    );
    expect([isRefused, seen.filter(([one, other]) => one !== other), seen.at(-1)]).toEqual([
      true,
      [],
      [2, 2],
    ]);
    expect(results(all).at(-1)).toBe('counts a4');
    await all.stop(member);
  });

  test('of two cuts fail the app by name', async () => {
    const all = new Members({ one: 1, other: 1, out: 1 });
    const first = all.start(topology);
    both(all);
    await all.pass(1_000);
    const group = all.broker.cluster.group('group');
    const before = group.committed({ topic: 'other', partition: 0 });
    both(all);
    await all.pass(1_000);
    await all.stop(first);
    group.setCommitted({ topic: 'other', partition: 0 }, before.offset, before);
    const next = all.start(topology);
    await all.pass(1_000);
    expect(next.outcome).toMatchObject({
      code: 'CUT_MISSING',
      at: { topic: 'other', partition: 0, offset: 1 },
    });
    expect(results(all)).toHaveLength(4);
  });
});
