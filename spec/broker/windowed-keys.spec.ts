/** Counts in windows are read by Kafka's own console consumer, with the deserializers of Kafka Streams, as docs/state.md says. */
import { readFile } from 'node:fs/promises';
import { createApp, nullable, string } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import { count, counter, session, sessionWindowed, tumbling, windowed } from 'kafka-rx/state';
import { missingPrerequisites, streams } from '../kafka/provision.js';
import { type ConsumedLine, consoleConsumer } from '../kafka/tools.js';
import { appsOnKafka } from './apps-on-kafka.js';
import { until } from './until.js';

const minuteMs = 60_000;
const partitions = 4;
/** One of no bytes, one as long as a time, one that is no ASCII. */
const keys = ['', 'eight by', 'käse', 'home', 'about'];
/** From the epoch on, and where times take more than four bytes. */
const bases = [0, 1_764_547_200_000];

interface Click {
  readonly key: string;
  readonly timestamp: number;
}

/** In the order of time, as each of them is in time. */
const clicks: readonly Click[] = bases.flatMap(base =>
  Array.from({ length: 200 }, (_, i) => ({
    key: keys[(i * 7) % keys.length] ?? '',
    timestamp: base + i * 2_311 + (i % 40 === 0 ? 1 : 0),
  })),
);

type Windows = readonly string[];

/** As `Windowed` of Kafka Streams says it in text, and how many. */
const told = (key: string, start: number, end: number, n: number): string => `[${key}@${start}/${end}] ${n}`;

function byMinute(): Windows {
  const counts = new Map<string, { readonly click: Click; n: number }>();
  for (const click of clicks) {
    const at = `${click.key} ${Math.floor(click.timestamp / minuteMs)}`;
    const one = counts.get(at) ?? { click, n: 0 };
    one.n++;
    counts.set(at, one);
  }
  return [...counts.values()]
    .map(({ click: { key, timestamp }, n }) => {
      const start = timestamp - (timestamp % minuteMs);
      return told(key, start, start + minuteMs, n);
    })
    .sort();
}

const gapMs = 12_000;
/** Behind all of them, one in each partition: it closes the sessions there. */
const endMs = Math.max(...bases) + 86_400_000;

function bySession(): Windows {
  return keys
    .flatMap(key => {
      const sessions: { start: number; end: number; n: number }[] = [];
      for (const { timestamp } of clicks.filter(click => click.key === key)) {
        const last = sessions.at(-1);
        if (last === undefined || timestamp - last.end > gapMs) {
          sessions.push({ start: timestamp, end: timestamp, n: 1 });
          continue;
        }
        last.end = timestamp;
        last.n++;
      }
      return sessions.map(({ start, end, n }) => told(key, start, end, n));
    })
    .sort();
}

/** What is told last of each window, but of those that only close the others. */
function lastOf(lines: readonly ConsumedLine[]): Windows {
  const last = new Map(lines.map(({ key, value }) => [key, value]));
  return [...last]
    .map(([key, n]) => `${key} ${n}`)
    .filter(text => !text.startsWith('[end '))
    .sort();
}

/** The formatter properties of the command in docs/state.md that reads so. */
async function asDocumented(deserializer: string): Promise<Readonly<Record<string, string>>> {
  const text = await readFile('docs/state.md', 'utf8');
  const command = text
    .split('```sh\n')
    .slice(1)
    .map(block => block.split('```')[0] ?? '')
    .find(block => block.includes(`.${deserializer}`));
  const properties = [...(command ?? '').matchAll(/--formatter-property '?([^\s'=]+)=([^\s']+)/g)];
  expect(properties.length).toBeGreaterThan(1);
  return Object.fromEntries(properties.map(([, name = '', value = '']) => [name, value]));
}

const missing = missingPrerequisites() ?? missingPrerequisites(streams);
if (missing !== undefined) process.stderr.write(`Windowed keys are not read by Kafka. ${missing}\n`);

(missing === undefined ? describe : describe.skip)('the console consumer of Kafka', () => {
  const on = appsOnKafka();

  beforeAll(async () => {
    await on.createTopics(['clicks', 'by-minute', 'by-session'], partitions, { 'retention.ms': '-1' });
    const ends = Array.from({ length: partitions }, (_, partition) => ({
      ...{ key: `end ${partition}`, timestamp: endMs, partition },
    }));
    const all = [...clicks, ...ends].map(click => ({
      ...click,
      value: '',
      timestamp: String(click.timestamp),
    }));
    await on.send('clicks', all);
    await countAll(all.length);
  }, 120_000);

  async function countAll(records: number): Promise<void> {
    const app = createApp({ groupId: 'windows', driver: kafkajs({ brokers: on.cluster.brokers }) });
    on.running.push(app);
    const { codec } = counter();
    const kept = { key: string, value: codec };
    const clicks$ = app.topic('clicks', { key: string, value: string });
    clicks$
      .pipe(count(app.state('minutes', kept), { window: tumbling(minuteMs, { graceMs: 0 }) }))
      .subscribe(
        app.to('by-minute', { key: windowed(string, { sizeMs: minuteMs }), value: nullable(codec) }),
      );
    // What a session was before it grew is deleted in updates; the tool prints no null by the deserializer of a long.
    clicks$
      .pipe(count(app.state('sessions', kept), { window: session(gapMs, { graceMs: 0 }), emit: 'final' }))
      .subscribe(app.to('by-session', { key: sessionWindowed(string), value: nullable(codec) }));
    void app.run();
    const admin = on.kafka.admin();
    await admin.connect();
    await until('all is counted', async () => {
      const topics = await admin.fetchOffsets({ groupId: 'windows', topics: ['clicks'] }).catch(() => []);
      return topics[0]?.partitions.reduce((sum, { offset }) => sum + Number(offset), 0) === records;
    });
    await admin.disconnect();
  }

  test.each([
    ['windows of time', 'by-minute', 'TimeWindowedDeserializer', byMinute()],
    ['sessions', 'by-session', 'SessionWindowedDeserializer', bySession()],
  ] as const)('reads %s: start, end, key and count', async (_, topic, deserializer, expected) => {
    const lines = await consoleConsumer({
      ...{ brokers: on.cluster.brokers, topic, jars: streams },
      formatter: await asDocumented(deserializer),
    });
    expect(lastOf(lines)).toEqual(expected);
    expect(new Set(lines.map(({ partition }) => partition)).size).toBeGreaterThan(1);
  });
});
