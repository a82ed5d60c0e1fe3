import { memoryMetrics, promMetrics, string } from 'kafka-rx';
import * as client from 'prom-client';
import { instruments } from '../../../lib/logging/metrics/instruments.js';
import { Members } from '../../app/members.js';

const value = string;

describe('memoryMetrics', () => {
  test('sums counters over all label sets that contain those asked for', () => {
    const metrics = memoryMetrics();
    const counter = metrics.counter('c_total', 'help', ['topic', 'reason']);
    counter.add(1, { topic: 'a', reason: 'x' });
    counter.add(2, { topic: 'a', reason: 'y' });
    counter.add(4, { topic: 'b', reason: 'x' });
    counter.add(8);
    expect([
      metrics.value('c_total'),
      metrics.value('c_total', { topic: 'a' }),
      metrics.value('c_total', { reason: 'x' }),
      metrics.value('c_total', { topic: 'b', reason: 'y' }),
      metrics.value('never written'),
    ]).toEqual([15, 3, 5, 0, 0]);
  });

  test('reads gauges when somebody looks, and counts observations of histograms', () => {
    const metrics = memoryMetrics();
    let now = 1;
    metrics.gauge('g', 'help', ['p'], () => [
      { labels: { p: '0' }, value: now },
      { labels: { p: '1' }, value: 10 },
    ]);
    metrics.histogram('h_seconds', 'help', [], [1, 2]).observe(0.5);
    now = 5;
    expect([metrics.value('g'), metrics.value('g', { p: '0' }), metrics.value('h_seconds')]).toEqual([
      15, 5, 1,
    ]);
    expect([...metrics.snapshot().keys()].sort()).toEqual(['g', 'h_seconds']);
  });
});

async function prometheus() {
  const registry = new client.Registry();
  const members = new Members({ in: 2, out: 1 });
  const member = members.start(
    app => {
      app.topic('in', { value }).subscribe(app.to('out', { value }));
    },
    { metrics: promMetrics(client, registry) },
  );
  members.broker.publish('in', [
    { value: 'a', partition: 0 },
    { value: 'b', partition: 1 },
    { value: 'c', partition: 1 },
  ]);
  await members.pass(100);
  return { registry, members, member, text: () => registry.metrics() };
}

describe('promMetrics', () => {
  test('renders every metric of an app with its help, type, name, unit and labels', async () => {
    const { text } = await prometheus();
    const rendered = await text();
    const heads = rendered.split('\n').filter(line => line.startsWith('# '));
    expect(heads).toEqual(
      [
        ['kafka_rx_in_flight_records', 'Records handed out and not settled', 'gauge'],
        ['kafka_rx_in_flight_bytes', 'Bytes of fetched batches that unsettled records pin', 'gauge'],
        ['kafka_rx_buffered_bytes', 'Bytes appended to the producer and not acknowledged', 'gauge'],
        ['kafka_rx_lag_records', 'Records from the watermark to the end', 'gauge'],
        [
          'kafka_rx_unread_records',
          'Records to the end of partitions of which nobody hears a source any more',
          'gauge',
        ],
        ['kafka_rx_above_watermark_records', 'Settled records above the first unsettled one', 'gauge'],
        ['kafka_rx_watermark_age_seconds', 'Age of the record that holds the watermark', 'gauge'],
        [
          'kafka_rx_standstill_seconds',
          'Time that a partition has stood still behind an open transaction, or with no broker that answers for it',
          'gauge',
        ],
        [
          'kafka_rx_undecided_records',
          'Offsets from the first open transaction of a partition to its end',
          'gauge',
        ],
        ['kafka_rx_state_rows', 'Rows of a state', 'gauge'],
        ['kafka_rx_state_dirty_rows', 'Rows changed since the last barrier', 'gauge'],
        ['kafka_rx_state_memory_bytes', 'Bytes of states in memory', 'gauge'],
        ['kafka_rx_state_backend_bytes', 'Bytes of states in backends', 'gauge'],
        ['kafka_rx_restore_have_offsets', 'Offsets of a changelog that were read', 'gauge'],
        ['kafka_rx_restore_need_offsets', 'Offsets of a changelog still to read', 'gauge'],
        ['kafka_rx_restore_rate_offsets', 'Offsets of a changelog read a second', 'gauge'],
        ['kafka_rx_restore_left_seconds', 'Time until a changelog is read, at that rate', 'gauge'],
        ['kafka_rx_records_consumed_total', 'Records handed to the topology', 'counter'],
        ['kafka_rx_records_produced_total', 'Records that brokers acknowledged', 'counter'],
        ['kafka_rx_documents_stored_total', 'Documents made durable', 'counter'],
        ['kafka_rx_records_dropped_total', 'Records dropped, by reason', 'counter'],
        ['kafka_rx_dead_letters_total', 'Dead letters acknowledged', 'counter'],
        ['kafka_rx_commits_total', 'Commits, by outcome', 'counter'],
        ['kafka_rx_commit_seconds', 'Time from a commit to its confirmation', 'histogram'],
        ['kafka_rx_state_units_total', 'Units of work that were sealed with a state', 'counter'],
        ['kafka_rx_changelog_rows_total', 'Rows written to changelogs', 'counter'],
      ].flatMap(([name, help, type]) => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]),
    );
    const lines = rendered.split('\n');
    expect(lines).toContain('kafka_rx_records_consumed_total{topic="in"} 3');
    expect(lines).toContain('kafka_rx_records_produced_total{topic="out"} 3');
    expect(lines).toContain('kafka_rx_lag_records{topic="in",partition="1"} 0');
    expect(lines).toContain('kafka_rx_in_flight_records 0');
    expect(rendered).toMatch(/kafka_rx_commits_total\{outcome="confirmed"\} \d/);
    expect(rendered).toMatch(/kafka_rx_commit_seconds_bucket\{le="0.001"\} \d/);
  });

  test('names follow the convention: counters end in _total, times are seconds, sizes bytes', () => {
    const names: [string, string][] = [];
    const note = (kind: string) => (name: string) => {
      names.push([kind, name]);
      return { add() {}, observe() {} };
    };
    instruments(
      { counter: note('counter'), gauge: note('gauge'), histogram: note('histogram') },
      {
        inFlightRecords: () => 0,
        inFlightBytes: () => 0,
        bufferedBytes: () => 0,
        partitions: () => [],
        standstills: () => [],
        tasks: () => [],
        restores: () => [],
      },
    );
    expect(names).toHaveLength(26);
    for (const [kind, name] of names) {
      expect(name).toMatch(/^kafka_rx_[a-z_]+$/);
      expect(name.endsWith('_total')).toBe(kind === 'counter');
      if (kind !== 'counter') expect(name).toMatch(/_(records|bytes|seconds|rows|offsets)$/);
    }
  });

  test('a partition that went elsewhere leaves no gauge behind', async () => {
    const { members, text } = await prometheus();
    const partitions = async () =>
      [...(await text()).matchAll(/lag_records\{topic="in",partition="(\d)"\}/g)].map(([, p]) => p);
    expect(await partitions()).toEqual(['0', '1']);
    members.start(app => app.topic('in', { value }).subscribe(app.to('out', { value })));
    await members.pass(100);
    expect(await partitions()).toHaveLength(1);
  });

  test('no label holds anything out of a record', async () => {
    const { members, text } = await prometheus();
    members.broker.publish('in', [{ key: 'secret', value: 'secret', partition: 0 }]);
    await members.pass(100);
    expect(await text()).not.toContain('secret');
  });
});
