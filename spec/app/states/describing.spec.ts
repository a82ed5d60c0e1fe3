/** What a topology keeps can be seen: its states, what they share, and the topics of its own. */
import { createApp, number, string } from 'kafka-rx';
import { lmdbBackend } from 'kafka-rx/lmdb';
import { memory } from 'kafka-rx/memory';
import { count, counter, repartition, tumbling } from 'kafka-rx/state';
import { testApp } from 'kafka-rx/testing';
import type { App } from '../../../lib/app/interface.js';
import { memoryBackends } from '../../../lib/state/memory-backend.js';

const topic = { key: string, value: string };

function kept(app: App): void {
  const byValue = app.internal('by-value', topic);
  const clicks = app.topic(['clicks', 'views'], topic);
  clicks.pipe(count(app.state('clicks', { key: string, value: number }))).subscribe(app.each(() => {}));
  clicks
    .pipe(repartition(byValue, value => value))
    .pipe(
      count(
        app.state('minutes', { key: string, value: counter().codec, backend: lmdbBackend('/tmp/none') }),
        {
          window: tumbling(60_000, { graceMs: 0 }),
        },
      ),
    )
    .subscribe(app.to('out', { key: string, value: number, keyBy: () => 'k' }));
}

const described = {
  states: [
    {
      name: 'clicks',
      node: 'count(clicks)',
      key: 'string',
      value: 'number',
      rowsOf: 'keys',
      changelog: 'test-clicks-changelog',
      backend: 'memory',
    },
    {
      name: 'minutes',
      node: 'count(minutes)',
      key: 'string',
      value: 'count',
      rowsOf: 'tumbling(60000)',
      changelog: 'test-minutes-changelog',
      backend: 'lmdb',
    },
  ],
  subTopologies: [
    { name: 'clicks+views', inputs: ['clicks', 'views'], states: ['clicks'] },
    {
      name: 'test-by-value-repartition',
      inputs: ['test-by-value-repartition'],
      states: ['minutes'],
    },
  ],
  internalTopics: ['test-by-value-repartition'],
};

const wired = (topology: (app: App) => void): App => {
  const app = createApp({ groupId: 'test', driver: memory() });
  topology(app);
  return app;
};

test('states, the inputs that share them and internal topics are described, before the app runs', () => {
  expect(wired(kept).describe()).toMatchObject(described);
});

test('as text and as a flowchart, below the nodes', () => {
  const { text, mermaid } = wired(kept).describe();
  expect(text().split('\n').slice(-5)).toEqual([
    "state    clicks: number by string, rows of keys, by 'count(clicks)', in memory and test-clicks-changelog",
    "state    minutes: count by string, rows of tumbling(60000), by 'count(minutes)', in lmdb and test-minutes-changelog",
    'tasks    clicks+views/N keep clicks',
    'tasks    test-by-value-repartition/N keep minutes',
    'internal test-by-value-repartition',
  ]);
  const chart = mermaid().split('\n');
  const writer = chart
    .find(line => line.includes('"count(clicks)"'))
    ?.trim()
    .split('[')[0];
  expect(chart.slice(-4)).toEqual([
    '  s0[["clicks"]]',
    `  ${writer} --- s0`,
    '  s1[["minutes"]]',
    expect.stringMatching(/^ {2}n\d+ --- s1$/),
  ]);
});

test('while it runs the tasks are called what they are described as', async () => {
  const tasks = new Set<string>();
  const t = await testApp(app => {
    app.events$.subscribe(event => {
      if (event.type === 'restoring') tasks.add(event.task);
    });
    const clicks = app.topic(['clicks', 'views'], topic);
    clicks.pipe(count(app.state('clicks', { key: string, value: number }))).subscribe(app.each(() => {}));
  });
  t.pipeIn('clicks', [{ key: 'a', value: 'x' }]);
  await t.restart();
  const [{ name } = { name: '' }] = t.app.describe().subTopologies;
  expect([...tasks]).toEqual([`${name}/0`]);
  await t.stop();
});

test('a state that nobody writes, and a backend without a name, are told as such', () => {
  const app = wired(app => {
    app.state('alone', { key: string, value: number, backend: { open: memoryBackends.open } });
  });
  const { states, subTopologies } = app.describe();
  expect(states).toMatchObject([{ name: 'alone', node: undefined, backend: 'custom' }]);
  expect(subTopologies).toEqual([]);
});

test('without states it says so, and the text is that of the nodes', () => {
  const app = wired(app => app.topic('in', topic).subscribe(app.to('out', topic)));
  expect(app.describe()).toMatchObject({ states: [], subTopologies: [], internalTopics: [] });
  expect(app.describe().text()).toBe('source   in -> out\nsink     out');
});
