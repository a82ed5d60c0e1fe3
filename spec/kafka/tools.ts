/**
 * Kafka's own command-line tools, as a client that shares no code with kafkajs or with this library: what they read
 * is what is really there. Each call starts a Java process, about a second.
 */
import { delimiter } from 'node:path';
import { HarnessError } from './harness-error.js';
import { type JarSet, provision } from './provision.js';
import { run, tellingLine } from './run.js';

/** Starting and ending Java, on top of what a tool is told to wait. */
const javaTimeoutMs = 30_000;

/** Control characters, so that a tab or a line break in a value does not look like the next field or record. */
const field = '\u001f';
const line = '\u001e';
const nullLiteral = '\u001anull';

export interface ConsumeOptions {
  readonly brokers: readonly string[];
  readonly topic: string;
  /** Default: all. */
  readonly partition?: number;
  /** Only with `partition`. Default 0. */
  readonly offset?: number;
  /** Ends once it has so many records. Without it, it ends by `timeoutMs`. */
  readonly maxMessages?: number;
  /** Ends when no record came for so long. Default 5000. */
  readonly timeoutMs?: number;
  /** Default `read_committed`. */
  readonly isolation?: 'read_committed' | 'read_uncommitted';
  /** How keys and values become text, as `--formatter-property` has it, such as `key.deserializer`. Default: text in UTF-8. */
  readonly formatter?: Readonly<Record<string, string>>;
  /** Where the classes of that are, beside the broker's jars. */
  readonly jars?: JarSet;
}

export interface ConsumedLine {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
}

/** Reads a topic from its beginning, or one partition from an offset, with `ConsoleConsumer`. */
export async function consoleConsumer(options: ConsumeOptions): Promise<ConsumedLine[]> {
  const { brokers, topic, partition, offset = 0, maxMessages, timeoutMs = 5_000 } = options;
  const shape = {
    ...options.formatter,
    'print.partition': 'true',
    'print.offset': 'true',
    'print.key': 'true',
    'key.separator': field,
    'line.separator': line,
    'null.literal': nullLiteral,
  };
  const from =
    partition === undefined
      ? ['--from-beginning']
      : ['--partition', String(partition), '--offset', String(offset)];
  const stdout = await tool(
    'org.apache.kafka.tools.consumer.ConsoleConsumer',
    [
      ...['--bootstrap-server', brokers.join(), '--topic', topic, ...from],
      ...['--timeout-ms', String(timeoutMs), '--isolation-level', options.isolation ?? 'read_committed'],
      ...(maxMessages === undefined ? [] : ['--max-messages', String(maxMessages)]),
      ...Object.entries(shape).flatMap(([name, value]) => ['--formatter-property', `${name}=${value}`]),
    ],
    { timeoutMs: timeoutMs + javaTimeoutMs, jars: options.jars },
  );
  return stdout.split(line).slice(0, -1).map(parseLine);
}

function parseLine(text: string): ConsumedLine {
  const [partition = '', offset = '', key = '', ...value] = text.split(field);
  const orNull = (part: string): string | null => (part === nullLiteral ? null : part);
  return {
    partition: Number(partition.replace('Partition:', '')),
    offset: Number(offset.replace('Offset:', '')),
    key: orNull(key),
    value: orNull(value.join(field)),
  };
}

/**
 * Publishes keyed records with `ConsoleProducer`: partitioned by Java's own partitioner. Keys without tabs.
 *
 * @param compression Kafka's name of a codec; batches are then of up to 512 KiB rather than 16. Default: none
 */
export async function consoleProducer(
  brokers: readonly string[],
  topic: string,
  records: readonly { readonly key: string; readonly value: string }[],
  compression?: string,
): Promise<void> {
  const lines = records.map(({ key, value }) => `${key}\t${value}\n`).join('');
  const args = [
    '--bootstrap-server',
    brokers.join(),
    '--topic',
    topic,
    '--reader-property',
    'parse.key=true',
    ...(compression === undefined
      ? []
      : ['--compression-codec', compression, '--batch-size', '524288', '--timeout', '500']),
  ];
  await tool('org.apache.kafka.tools.ConsoleProducer', args, { input: lines });
}

/** A row of `kafka-consumer-groups --describe`; undefined where it prints a dash. */
export interface GroupRow {
  readonly topic: string;
  readonly partition: number;
  readonly committed: number | undefined;
  readonly end: number | undefined;
  readonly lag: number | undefined;
  readonly member: string | undefined;
}

/** The committed offsets of a group as the broker has them. Throws if the group does not exist. */
export async function consumerGroupDescribe(brokers: readonly string[], group: string): Promise<GroupRow[]> {
  const args = ['--bootstrap-server', brokers.join(), '--describe', '--group', group, '--timeout', '15000'];
  const stdout = await tool('org.apache.kafka.tools.consumer.group.ConsumerGroupCommand', args);
  const rows = stdout.split('\n').map(row => row.trim().split(/\s+/));
  const head = rows.findIndex(row => row[0] === 'GROUP');
  const names = rows[head] ?? [];
  const body = head < 0 ? [] : rows.slice(head + 1).filter(row => row[0] === group);
  return body.map(row => {
    const cell = (name: string): string | undefined => {
      const text = row[names.indexOf(name)];
      return text === '-' ? undefined : text;
    };
    const number = (name: string): number | undefined => {
      const text = cell(name);
      return text === undefined ? undefined : Number(text);
    };
    return {
      topic: cell('TOPIC') ?? '',
      partition: number('PARTITION') ?? -1,
      committed: number('CURRENT-OFFSET'),
      end: number('LOG-END-OFFSET'),
      lag: number('LAG'),
      member: cell('CONSUMER-ID'),
    };
  });
}

interface ToolOptions {
  readonly timeoutMs?: number;
  readonly input?: string;
  /** Beside the broker's. */
  readonly jars?: JarSet | undefined;
}

async function tool(
  className: string,
  args: readonly string[],
  { timeoutMs = javaTimeoutMs, input = '', jars }: ToolOptions = {},
): Promise<string> {
  const { java, classPath, logConfig } = await provision();
  const classes =
    jars === undefined ? classPath : [classPath, (await provision(jars)).classPath].join(delimiter);
  const jvm = [
    '-Xmx256m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    `-Dlog4j2.configurationFile=${logConfig}`,
  ];
  const encoding = ['-Dfile.encoding=UTF-8', '-Dsun.stdout.encoding=UTF-8'];
  const { code, stdout, stderr } = await run(
    java,
    [...jvm, ...encoding, '-cp', classes, className, ...args],
    timeoutMs,
    input,
  );
  if (code === 0) return stdout;
  const name = className.slice(className.lastIndexOf('.') + 1);
  throw new HarnessError(
    'tool',
    `${name} failed (${code ?? 'killed'}): ${tellingLine(`${stderr}\n${stdout}`)}`,
  );
}
