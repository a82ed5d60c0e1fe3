/** What would abort its unit for ever, on a real Kafka: records that are refused otherwise each time they come, and calls that wait for their own unit. */

import * as t from 'io-ts';
import { type App, type AppOptions, createApp, json, readDeadLetter, string } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import { mapAsync, mapValue, through } from 'kafka-rx/operators';
import type { FetchedRecord } from '../chaos/exactly-once/committed-records.js';
import { readToEnds } from '../chaos/exactly-once/read-to-ends.js';
import { missingPrerequisites } from '../kafka/provision.js';
import { appsOnKafka } from './apps-on-kafka.js';
import { until } from './until.js';

const partitions = 4;
const maxRecordBytes = 100_000;
/** Of the output; more is refused by the brokers. */
const maxMessageBytes = 20_000;
/** What bad records become, one after the other: too large for the brokers, for the producer, for the brokers again. */
const tooLarge = [30_000, 150_000, 60_000];
const Input = t.strict({ id: t.number, bad: t.boolean, filling: t.string });

interface Started {
  readonly app: App;
  outcome: unknown;
  /** Units that were told as failed. */
  dropped: number;
  /** What was committed, by partition. */
  readonly positions: Map<number, number>;
}

const missing = missingPrerequisites();
if (missing !== undefined)
  process.stderr.write(`Units that would abort for ever are not tested. ${missing}\n`);

(missing === undefined ? describe : describe.skip)('no unit aborts for ever', () => {
  const on = appsOnKafka();

  async function createTopics(sizesOf: Readonly<Record<string, number>>): Promise<void> {
    for (const [topic, bytes] of Object.entries(sizesOf))
      await on.createTopics([topic], partitions, { 'max.message.bytes': String(bytes) });
  }

  async function write(topic: string, values: readonly string[]): Promise<void> {
    // Shifted, so that every hundredth is not always in the same one.
    const messages = values.map((value, i) => ({ value, partition: (i + Math.floor(i / 100)) % partitions }));
    await on.send(topic, messages);
  }

  async function read(topic: string, isolation: 'committed' | 'everything'): Promise<FetchedRecord[]> {
    const records: FetchedRecord[] = [];
    const options = { brokers: on.cluster.brokers, topics: [topic], isolation, withinMs: 30_000 };
    await readToEnds(options, look => void records.push(...look.records));
    return records;
  }

  /** How many records a group has behind it, once it has ended. */
  async function committed(groupId: string, topic: string): Promise<number> {
    const admin = on.kafka.admin();
    await admin.connect();
    const told = await admin.fetchOffsets({ groupId, topics: [topic] });
    await admin.disconnect();
    return told
      .flatMap(one => one.partitions)
      .reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
  }

  function start(groupId: string, options: Partial<AppOptions>, wire: (app: App) => void) {
    const app = createApp({
      ...{ groupId, driver: kafkajs({ brokers: on.cluster.brokers }), guarantee: 'exactly-once', ...options },
    });
    wire(app);
    const member: Started = { app, outcome: 'running', dropped: 0, positions: new Map() };
    app.events$.subscribe(event => {
      if (event.type !== 'commit') return;
      const { error, offsets } = event.result;
      if (error !== undefined) member.dropped++;
      else for (const { partition, offset } of offsets) member.positions.set(partition, offset);
    });
    void app.run().catch((error: unknown) => {
      member.outcome = error;
    });
    on.running.push(app);
    return member;
  }

  /** A record in a hundred is bad; what every other one of these holds is too large for a letter as well. */
  async function badInput(topic: string, count: number): Promise<void> {
    const inputs = Array.from({ length: count }, (_, id) => {
      const bad = id % 100 === 37;
      return { id, bad, filling: 'x'.repeat(bad && id % 200 === 37 ? 95_000 : 10) };
    });
    await write(
      topic,
      inputs.map(input => JSON.stringify(input)),
    );
  }

  /** Bad values are another size each time. */
  function refusing(input: string, output: string, sizes: readonly number[]) {
    let calls = 0;
    return (app: App): void =>
      void app
        .topic(input, { value: json(Input) })
        .pipe(
          mapValue(({ id, bad }) => `${id} ${'y'.repeat(bad ? (sizes[calls++ % sizes.length] ?? 0) : 10)}`),
        )
        .subscribe(app.to(output, { value: string, partition: ({ partition }) => partition }));
  }

  test('where one record in a hundred is refused otherwise each time it comes, and its letter would be too large, too', async () => {
    const count = 4_000;
    await createTopics({ in: 1_000_000, out: maxMessageBytes, letters: 1_000_000 });
    await badInput('in', count);
    const from = performance.now();
    const member = start(
      'refused',
      {
        ...{ policies: { produce: 'dead-letter' }, deadLetters: { topic: 'letters', limit: 'none' } },
        ...{ producer: { maxRecordBytes } },
      },
      // Some are good in the end.
      refusing('in', 'out', [...tooLarge, ...tooLarge, ...tooLarge, 10]),
    );
    await until(
      'all of it committed',
      () =>
        member.outcome !== 'running' || [...member.positions.values()].reduce((a, b) => a + b, 0) === count,
      { withinMs: 50_000 },
    );
    const seconds = (performance.now() - from) / 1000;
    expect(member.outcome).toBe('running');
    const out = (await read('out', 'committed')).map(({ value }) => Number(String(value).split(' ')[0]));
    const letters = (await read('letters', 'committed')).map(({ headers }) =>
      readDeadLetter(
        Object.entries(headers).map(([key, value]) => ({
          key,
          value: Buffer.isBuffer(value) ? value : null,
        })),
      ),
    );
    expect(out.length + letters.length).toBe(count);
    expect(new Set(out).size).toBe(out.length);
    expect(new Set(letters.map(letter => `${letter?.at.partition}/${letter?.at.offset}`)).size).toBe(
      letters.length,
    );
    expect(new Set(letters.map(letter => letter?.reason))).toEqual(new Set(['PRODUCE']));
    expect(new Set(letters.map(letter => letter?.payload))).toEqual(new Set(['none', 'redacted']));
    process.stderr.write(
      `1 % refused: ${count} records in ${seconds.toFixed(1)} s, ${member.dropped} units dropped, ${letters.length} letters\n`,
    );
    await member.app.stop();
  }, 90_000);

  test('where no letter is taken: the app fails by name, and what is before that record is committed', async () => {
    await createTopics({ 'bad-in': 1_000_000, 'bad-out': maxMessageBytes, 'no-letters': 100 });
    await badInput('bad-in', 400);
    const member = start(
      'unwritten',
      {
        ...{ policies: { produce: 'dead-letter' }, deadLetters: { topic: 'no-letters', limit: 'none' } },
        ...{ producer: { maxRecordBytes }, stopDeadlineMs: 2_000 },
      },
      refusing('bad-in', 'bad-out', tooLarge),
    );
    await until('its end', () => member.outcome !== 'running', { withinMs: 50_000 });
    expect(member.outcome).toMatchObject({ code: 'PRODUCE', at: { topic: 'bad-in' } });
    expect(String(member.outcome)).toContain('The dead letter could not be written');
    expect(await read('no-letters', 'committed')).toEqual([]);
    const out = await read('bad-out', 'committed');
    expect(out.length).toBe(await committed('unwritten', 'bad-in'));
  }, 90_000);

  /** Asks by a topic, and waits for the answer. */
  function asking(guarantee: string, replies: Map<string, (reply: string) => void>) {
    return (app: App): void =>
      void app
        .topic(`${guarantee}-asks`, { value: string })
        .pipe(
          through(app.to(`${guarantee}-requests`, { value: string })),
          mapAsync(value => new Promise<string>(resolve => replies.set(value, resolve)), { name: 'ask' }),
        )
        .subscribe(app.to(`${guarantee}-answers`, { value: string }));
  }

  test.each(['at-least-once', 'exactly-once'] as const)(
    'where a call waits for the reply to what its own record has written: %s',
    async guarantee => {
      const [asks, requests, answers] = ['asks', 'requests', 'answers'].map(name => `${guarantee}-${name}`);
      if (asks === undefined || requests === undefined || answers === undefined) return;
      await createTopics({ [asks]: 1_000_000, [requests]: 1_000_000, [answers]: 1_000_000 });
      await write(asks, ['question']);
      const replies = new Map<string, (reply: string) => void>();
      const responder = on.kafka.consumer({ groupId: `${guarantee}-responder`, maxWaitTimeInMs: 100 });
      await responder.connect();
      await responder.subscribe({ topics: [requests], fromBeginning: true });
      await responder.run({
        eachMessage: async ({ message }) => replies.get(String(message.value))?.('answer'),
      });
      const from = performance.now();
      const member = start(
        guarantee,
        {
          guarantee,
          stopDeadlineMs: 2_000,
          ...(guarantee === 'exactly-once' && { transactionTimeoutMs: 8_000 }),
        },
        asking(guarantee, replies),
      );
      await until(
        'an answer or an end',
        async () =>
          member.outcome !== 'running' ||
          (guarantee === 'at-least-once' && (await read(answers, 'committed')).length > 0),
        { everyMs: 200 },
      );
      const seconds = (performance.now() - from) / 1000;
      await responder.disconnect();
      if (guarantee === 'at-least-once') {
        expect(member.outcome).toBe('running');
        await member.app.stop();
        return;
      }
      expect(member.outcome).toMatchObject({ code: 'STALLED', at: { topic: asks, partition: 0, offset: 0 } });
      expect(String(member.outcome)).toContain('mapAsync');
      expect([(await read(requests, 'committed')).length, await committed(guarantee, asks)]).toEqual([0, 0]);
      expect((await read(requests, 'everything')).length).toBeGreaterThan(0);
      process.stderr.write(`a call that waits for its own unit: STALLED after ${seconds.toFixed(1)} s\n`);
    },
    60_000,
  );
});
