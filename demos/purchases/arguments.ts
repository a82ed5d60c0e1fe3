/** The command line of the demo, read into one of four requests. */
import type { DeadLetterLimit, StartFrom } from 'kafka-rx';
import {
  defaultStoreFolder,
  embeddedStoreFolder,
  type Surroundings,
  surroundingsOfProcess,
} from './data-folder.js';
import {
  brokerList,
  type Guarantee,
  guaranteeName,
  idleExitMs,
  instant,
  invalidPolicy,
  letterLimit,
  type OnInvalid,
  port,
  startFrom,
  text,
  topicName,
  workerCount,
} from './option-values.js';
import { helpText } from './usage.js';
import { UsageError } from './usage-error.js';
import { quoted, type Words, wordsOf } from './words.js';

/** Process purchases. */
export interface RunArguments {
  readonly command: 'run';
  /** `host:port` of each; undefined: the embedded broker. */
  readonly brokers: readonly string[] | undefined;
  readonly group: string;
  /** Path of a file of JSON lines; undefined: CDNOW's purchases on the embedded broker, nothing on a cluster. */
  readonly input: string | undefined;
  /** Milliseconds without a record after which the run ends; undefined: never. */
  readonly idleExitMs: number | undefined;
  /** The history's folder. */
  readonly store: string;
  readonly onInvalid: OnInvalid;
  readonly deadLetterTopic: string;
  /** Share of the records of a minute, 0 to 1; undefined: the library's own limit. */
  readonly deadLetterLimit: DeadLetterLimit | undefined;
  readonly createTopics: boolean;
  readonly json: boolean;
  /** Threads that each run an app of their own; 1: none, the app runs in the process itself. */
  readonly workers: number;
  /** Port on 127.0.0.1 for Prometheus, 0 for any free one; undefined: none is opened. */
  readonly metricsPort: number | undefined;
  readonly guarantee: Guarantee;
}

/** Print a customer's masked purchases. */
export interface HistoryArguments {
  readonly command: 'history';
  readonly store: string;
  readonly customer: string;
  /** Inclusive. */
  readonly from: Date | undefined;
  /** Exclusive. */
  readonly to: Date | undefined;
}

/** Send the group, and the history with it, to where they are to go on. */
export interface ResetArguments {
  readonly command: 'reset';
  readonly brokers: readonly string[];
  readonly group: string;
  readonly store: string;
  readonly to: StartFrom;
  readonly json: boolean;
}

/** Print `text` on standard output and exit 0. */
export interface HelpArguments {
  readonly command: 'help';
  readonly text: string;
}

export type Arguments = RunArguments | HistoryArguments | ResetArguments | HelpArguments;

const runFlags = {
  brokers: { type: 'string' },
  group: { type: 'string' },
  input: { type: 'string' },
  'idle-exit': { type: 'string' },
  store: { type: 'string' },
  'on-invalid': { type: 'string' },
  'dead-letter-topic': { type: 'string' },
  'dead-letter-limit': { type: 'string' },
  'metrics-port': { type: 'string' },
  workers: { type: 'string' },
  guarantee: { type: 'string' },
  'create-topics': { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

const historyFlags = {
  store: { type: 'string' },
  customer: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
} as const;

const resetFlags = {
  to: { type: 'string' },
  brokers: { type: 'string' },
  group: { type: 'string' },
  store: { type: 'string' },
  json: { type: 'boolean' },
} as const;

const helpFlag = { help: { type: 'boolean', short: 'h' } } as const;

const defaultGroup = 'purchases';

/** Topics that the job reads or writes itself: a dead letter must not come round again, nor look like an output. */
const topicsOfTheJob = ['transactions', 'patterns', 'rewards', 'purchases'];

/**
 * @param argv what follows the script's name
 * @param surroundings where the default folder of the store is derived from
 * @throws UsageError with one line that says what is wrong
 */
export function parseArguments(
  argv: readonly string[],
  surroundings: Surroundings = surroundingsOfProcess(),
): Arguments {
  const words = wordsOf(argv, { ...runFlags, ...historyFlags, ...resetFlags, ...helpFlag });
  const subcommand = words.positionals[0];
  if (words.has('help')) {
    const known = subcommand === 'history' || subcommand === 'reset';
    return { command: 'help', text: helpText(known ? subcommand : 'run', surroundings) };
  }
  if (subcommand === undefined) return runArguments(words, surroundings);
  if (subcommand !== 'history' && subcommand !== 'reset') {
    throw new UsageError(`What is ${quoted(subcommand)}? The subcommands are history and reset`);
  }
  const stray = words.positionals[1];
  if (stray !== undefined) throw new UsageError(`${subcommand} takes options only, not ${quoted(stray)}`);
  return subcommand === 'history'
    ? historyArguments(words, surroundings)
    : resetArguments(words, surroundings);
}

function runArguments(words: Words, surroundings: Surroundings): RunArguments {
  words.refuseAllBut(
    runFlags,
    name => `belongs to ${name === 'to' ? 'history and reset' : 'history'}; write that first`,
  );
  const workers = words.value('workers', workerCount) ?? 1;
  if (workers > 1 && !words.has('brokers')) {
    throw new UsageError('--workers needs --brokers HOST:PORT; an embedded broker lives in one thread');
  }
  const deadLetterTopic = words.value('dead-letter-topic', topicName) ?? 'transactions.dead-letters';
  if (topicsOfTheJob.includes(deadLetterTopic)) {
    throw new UsageError(`--dead-letter-topic must not be ${deadLetterTopic}, which the job itself uses`);
  }
  return {
    command: 'run',
    brokers: words.value('brokers', brokerList),
    group: words.value('group', text) ?? defaultGroup,
    input: words.value('input', text),
    idleExitMs: words.value('idle-exit', idleExitMs),
    store: words.value('store', text) ?? defaultStoreFolder(surroundings),
    onInvalid: words.value('on-invalid', invalidPolicy) ?? 'fail',
    deadLetterTopic,
    deadLetterLimit: words.value('dead-letter-limit', letterLimit),
    createTopics: words.has('create-topics'),
    json: words.has('json'),
    workers,
    metricsPort: words.value('metrics-port', port),
    guarantee: words.value('guarantee', guaranteeName) ?? 'at-least-once',
  };
}

function historyArguments(words: Words, surroundings: Surroundings): HistoryArguments {
  words.refuseAllBut(historyFlags, () => 'does not belong to history');
  const store = words.value('store', text);
  const customer = words.value('customer', text);
  const from = words.value('from', instant);
  const to = words.value('to', instant);
  if (store === undefined) {
    throw new UsageError(
      `history needs --store DIR; a run without it uses ${defaultStoreFolder(surroundings)}, an embedded one ${embeddedStoreFolder(surroundings)}`,
    );
  }
  if (customer === undefined) throw new UsageError('history needs --customer ID');
  if (from !== undefined && to !== undefined && from > to)
    throw new UsageError('--from must not be later than --to');
  return { command: 'history', store, customer, from, to };
}

function resetArguments(words: Words, surroundings: Surroundings): ResetArguments {
  words.refuseAllBut(resetFlags, () => 'does not belong to reset');
  const to = words.value('to', startFrom);
  const brokers = words.value('brokers', brokerList);
  if (to === undefined) throw new UsageError('reset needs --to earliest, latest or a time');
  if (brokers === undefined) {
    throw new UsageError('reset needs --brokers HOST:PORT; an embedded broker begins anew with each run');
  }
  return {
    command: 'reset',
    brokers,
    group: words.value('group', text) ?? defaultGroup,
    store: words.value('store', text) ?? defaultStoreFolder(surroundings),
    to,
    json: words.has('json'),
  };
}
