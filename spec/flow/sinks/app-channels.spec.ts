/** What an app writes of a task that has a channel of its own: partition 1 of its input here. */

import { type App, KafkaRxError, string } from 'kafka-rx';
import { batch, mapValue, through } from 'kafka-rx/operators';
import { type TestAppOptions, testApp } from 'kafka-rx/testing';
import type { MonoTypeOperatorFunction } from 'rxjs';
import { Outputs } from '../../../lib/flow/sinks/outputs.js';
import type { KafkaRecord } from '../../../lib/record/record.js';
import { Partitions } from '../../operators/partitions.js';
import { ScriptedProducer } from './scripted-producer.js';

const value = string;
const refusal = new KafkaRxError('PRODUCE', 'refused for good');

type Records = MonoTypeOperatorFunction<KafkaRecord<Buffer | null, string>>;

/** @param topology is given what puts records into their channels */
async function start(topology: (app: App, channelled: Records) => void, options: TestAppOptions = {}) {
  const open = jest.spyOn(Outputs.prototype, 'open');
  const channelled: Records = new Partitions(partition => partition).seen();
  const t = await testApp(app => topology(app, channelled), {
    partitions: 2,
    commit: { every: 1 },
    ...options,
  });
  const [outputs] = open.mock.contexts as Outputs[];
  open.mockRestore();
  if (outputs === undefined) throw new Error('the app opened no outputs');
  const producer = new ScriptedProducer(2);
  await outputs.openChannel(producer);
  return { t, outputs, producer };
}

const both = ['a', 'b'].map((text, partition) => ({ value: text, partition, key: null }));

test('a sink writes each record to the channel of its lane, and its offset waits for that channel alone', async () => {
  const { t, producer } = await start((app, channelled) =>
    app
      .topic('in', { value })
      .pipe(channelled)
      .subscribe(app.to('out', { value, keyBy: () => 'k' })),
  );
  t.pipeIn('in', both);
  await t.idle();
  expect(t.read('out', { value }).map(record => record.value)).toEqual(['a']);
  expect(producer.appended).toEqual(['out/0: b']);
  expect(t.committed('in')).toEqual([1, -1]);
  producer.acknowledge('out/0');
  await t.idle();
  expect(t.committed('in')).toEqual([1, 1]);
  expect(t.metrics.value('kafka_rx_records_produced_total', { topic: 'out' })).toBe(2);
});

test('behind through a record is in the channel that it came with', async () => {
  const { t, producer } = await start((app, channelled) =>
    app
      .topic('in', { value })
      .pipe(channelled, through(app.to('first', { value })))
      .subscribe(app.to('second', { value })),
  );
  t.pipeIn('in', both);
  expect(t.broker.records('first')).toHaveLength(1);
  expect(producer.appended.map(text => text.replace(/\/\d/, ''))).toEqual(['first: b']);
  for (const partition of [0, 1]) producer.acknowledge(`first/${partition}`);
  await t.idle();
  expect(producer.appended.map(text => text.replace(/\/\d/, ''))).toEqual(['first: b', 'second: b']);
  expect(t.read('second', { value }).map(record => record.value)).toEqual(['a']);
});

test('a dead letter is written to the channel of its record', async () => {
  const { t, producer } = await start(
    (app, channelled) =>
      app
        .topic('in', { value })
        .pipe(
          channelled,
          mapValue((): string => {
            throw new Error('no');
          }),
        )
        .subscribe(app.to('out', { value })),
    { policies: { process: 'dead-letter' }, deadLetters: { topic: 'dead' } },
  );
  t.pipeIn('in', both);
  await t.idle();
  expect([t.broker.records('dead').length, producer.appended.length]).toEqual([1, 1]);
  expect(t.committed('in')).toEqual([1, -1]);
  producer.acknowledge('dead/1');
  await t.idle();
  expect(t.committed('in')).toEqual([1, 1]);
});

test('records without a key stick to one partition over all channels', async () => {
  const { t, producer } = await start((app, channelled) =>
    app.topic('in', { value }).pipe(channelled).subscribe(app.to('out', { value })),
  );
  t.pipeIn('in', both);
  const [own] = t.read('out', { value });
  expect(producer.appended).toEqual([`out/${own?.partition}: b`]);
});

test('a refusal that fails the app closes the channel that refused, at once, and no other', async () => {
  const { t, outputs, producer } = await start((app, channelled) =>
    app
      .topic('in', { value })
      .pipe(channelled)
      .subscribe(app.to('out', { value, keyBy: () => 'k' })),
  );
  const third = new ScriptedProducer(2);
  await outputs.openChannel(third);
  const own = jest.spyOn(outputs.channel(0), 'close');
  t.pipeIn('in', both);
  producer.refuse('out/0', refusal);
  expect([producer.closed, third.closed, own.mock.calls.length]).toEqual([1, 0, 0]);
  await expect(t.stop()).rejects.toMatchObject({ code: 'PRODUCE', at: { partition: 1, offset: 0 } });
  expect(t.committed('in')[1]).toBe(-1);
});

test('what is gathered is made into one record of each channel', async () => {
  const { t, producer } = await start((app, channelled) =>
    app
      .topic('in', { value })
      .pipe(
        channelled,
        batch(records => records.map(record => record.value).join(''), { maxRecords: 2 }),
      )
      .subscribe(app.to('out', { value, keyBy: () => 'k' })),
  );
  t.pipeIn('in', [...both, ...both]);
  expect(t.read('out', { value }).map(record => record.value)).toEqual(['aa']);
  expect(producer.appended).toEqual(['out/0: bb']);
});

test('all channels count against the bound of what is buffered, and in the metrics', async () => {
  const { t, producer } = await start(
    (app, channelled) => {
      app
        .topic('in', { value })
        .pipe(channelled)
        .subscribe(app.to('out', { value, keyBy: () => 'k' }));
    },
    { bounds: { maxBufferedBytes: 100 } },
  );
  t.pipeIn('in', [{ value: 'first', partition: 1 }]);
  producer.bufferedBytes = 100;
  t.pipeIn('in', [{ value: 'second', partition: 1 }]);
  await t.idle();
  expect(producer.appended).toEqual(['out/0: first']);
  expect(t.metrics.value('kafka_rx_buffered_bytes')).toBe(100);
  producer.bufferedBytes = 0;
  producer.acknowledge('out/0');
  await t.idle();
  expect(producer.appended).toEqual(['out/0: first', 'out/0: second']);
});
