import { readFileSync } from 'node:fs';
import { chaosArguments, UsageError } from './arguments.js';
import { allFaults } from './faults/all.js';
import { unitBugNames } from './messages.js';
import { nameOf, planOf } from './plan.js';
import { faultsOfFastPath, unheldByStock } from './stock-path.js';

const names = (seed: string, minutes: number): string[] => planOf(seed, allFaults, true, minutes).map(nameOf);

test('the same seed gives the same plan, another seed another', () => {
  expect(planOf('1', allFaults, true, 30)).toEqual(planOf('1', allFaults, true, 30));
  expect(names('1', 30)).not.toEqual(names('2', 30));
});

test('the first round has every fault once, however short the run', () => {
  expect([...names('1', 0.1)].sort()).toEqual(allFaults.map(({ name }) => name).sort());
});

test('the second round stops a member during each fault, but for the graceful ones', () => {
  const faulty = allFaults.filter(({ graceful }) => graceful !== true);
  const stops = names('1', 60).slice(allFaults.length, 2 * allFaults.length);
  expect(stops.filter(name => name.endsWith(', stop during'))).toHaveLength(faulty.length);
});

test('a longer run begins as the shorter one does', () => {
  const short = names('1', 10);
  expect(names('1', 60).slice(0, short.length)).toEqual(short);
});

test('one node has no faults that need three', () => {
  const on = (nodes: string) =>
    chaosArguments(['--faults', 'all', '--nodes', nodes]).faults.map(({ name }) => name);
  expect(on('1')).not.toContain('coordinator-loss');
  expect(on('3')).toHaveLength(allFaults.filter(({ ofUnits }) => ofUnits !== true).length);
  expect(() => chaosArguments(['--faults', 'coordinator-loss'])).toThrow('needs --nodes 3');
});

test('the stock path has no faults that are put into the fast path, and what it cannot hold is in docs/drivers.md by name', () => {
  const { faults } = chaosArguments(['--path', 'stock', '--nodes', '3']);
  const left = allFaults.filter(fault => fault.ofUnits !== true && !faults.includes(fault));
  expect(left.map(({ name }) => name)).toEqual(faultsOfFastPath);
  expect(() => chaosArguments(['--path', 'stock', '--faults', 'partition-left-out'])).toThrow('--path fast');
  const docs = readFileSync('docs/drivers.md', 'utf8').replace(/\s+/g, ' ');
  for (const { documented, invariant } of unheldByStock) {
    expect(docs).toContain(documented);
    expect(docs).toContain(invariant);
  }
});

test('the guarantee is at least once unless asked otherwise; exactly once without faults is its acceptance', () => {
  expect(chaosArguments([])).toMatchObject({
    guarantee: 'at-least-once',
    accepts: false,
    rate: 500,
    members: 2,
  });
  const accepted = chaosArguments(['--guarantee', 'exactly-once', '--nodes', '3']);
  expect(accepted).toMatchObject({ accepts: true, nodes: 3, rate: 2_000, members: 3 });
  const seeded = ['--guarantee', 'exactly-once', '--seed', '2'];
  expect(chaosArguments(seeded)).toMatchObject({ accepts: true, seed: '2' });
  expect(() => chaosArguments(['--guarantee', 'exactly-once', '--minutes', '2'])).toThrow(
    'takes no --minutes without --faults',
  );
  expect(chaosArguments([...seeded, '--faults', 'app-pause'])).toMatchObject({
    accepts: false,
    rate: 500,
    members: 2,
  });
});

test('exactly once has faults and bugs of its own, and needs transactions', () => {
  const exactlyOnce = ['--guarantee', 'exactly-once', '--nodes', '3', '--faults'];
  expect(chaosArguments([...exactlyOnce, 'all']).faults).toEqual(allFaults);
  expect(() => chaosArguments([...exactlyOnce, 'all', '--path', 'stock'])).toThrow('needs --path fast');
  const fault = 'app-pause-before-end';
  expect(() => chaosArguments(['--faults', fault])).toThrow('needs --guarantee exactly-once');
  expect(chaosArguments([...exactlyOnce, fault]).faults).toHaveLength(1);
  for (const bug of unitBugNames) {
    expect(() => chaosArguments(['--bug', bug])).toThrow('needs --guarantee exactly-once');
    expect(chaosArguments([...exactlyOnce, fault, '--bug', bug]).bug).toBe(bug);
  }
});

test.each([
  [['--path', 'slow']],
  [['--faults', 'flood']],
  [['--nodes', '2']],
  [['--minutes', 'soon']],
  [['--bug', 'none']],
  [['--sead', '1']],
  [['--guarantee', 'twice']],
])('%j is wrong usage', args => {
  expect(() => chaosArguments(args)).toThrow(UsageError);
});
