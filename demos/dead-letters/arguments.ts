/** The command line, read into one of four requests. */
import type { LetterPosition } from 'kafka-rx';
import { brokerList, text, topicName } from '../purchases/option-values.js';
import { UsageError } from '../purchases/usage-error.js';
import { quoted, type Words, wordsOf } from '../purchases/words.js';
import type { Letter } from './letters.js';
import { helpText } from './usage.js';

interface OnCluster {
  readonly brokers: readonly string[];
  /** The topic of the dead letters. */
  readonly topic: string;
  readonly json: boolean;
}

export interface ListArguments extends OnCluster {
  readonly command: 'list';
  readonly wanted: (letter: Letter) => boolean;
}

export interface ShowArguments extends OnCluster {
  readonly command: 'show';
  readonly letter: LetterPosition;
  /** The environment variable that holds the key; undefined: an encrypted payload stays closed. */
  readonly keyEnv: string | undefined;
}

export interface ReplayArguments extends OnCluster {
  readonly command: 'replay';
  /** Undefined: all that `wanted` wants. */
  readonly letters: readonly LetterPosition[] | undefined;
  readonly wanted: (letter: Letter) => boolean;
  readonly to: 'branch' | 'topology';
  /** The operator or sink it is for, by its name; undefined: the one that the letter names. */
  readonly node: string | undefined;
  /** The app it is for, where that has another group id by now; undefined: the one that the letter names. */
  readonly app: string | undefined;
  readonly dryRun: boolean;
}

export interface HelpArguments {
  readonly command: 'help';
  readonly text: string;
}

export type Arguments = ListArguments | ShowArguments | ReplayArguments | HelpArguments;

const common = {
  brokers: { type: 'string' },
  topic: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;
const filters = { reason: { type: 'string' }, stage: { type: 'string' } } as const;
const own = {
  list: filters,
  show: { 'key-env': { type: 'string' } },
  replay: {
    ...filters,
    all: { type: 'boolean' },
    to: { type: 'string' },
    app: { type: 'string' },
    node: { type: 'string' },
    'dry-run': { type: 'boolean' },
  },
} as const;

type Subcommand = keyof typeof own;

/** @throws UsageError with one line that says what is wrong */
export function parseArguments(argv: readonly string[]): Arguments {
  const words = wordsOf(argv, { ...common, ...own.list, ...own.show, ...own.replay });
  if (words.has('help')) return { command: 'help', text: helpText };
  const [subcommand, ...rest] = words.positionals;
  if (!isSubcommand(subcommand)) {
    throw new UsageError(
      subcommand === undefined
        ? 'dead-letters needs list, show or replay; --help tells more'
        : `What is ${quoted(subcommand)}? The subcommands are list, show and replay`,
    );
  }
  words.refuseAllBut({ ...common, ...own[subcommand] }, () => `does not belong to ${subcommand}`);
  const brokers = words.value('brokers', brokerList);
  if (brokers === undefined) throw new UsageError(`${subcommand} needs --brokers HOST:PORT`);
  const topic = words.value('topic', topicName) ?? 'transactions.dead-letters';
  const cluster = { brokers, topic, json: words.has('json') };
  switch (subcommand) {
    case 'list':
      if (rest[0] !== undefined) throw new UsageError(`list takes options only, not ${quoted(rest[0])}`);
      return { command: 'list', ...cluster, wanted: wantedBy(words) };
    case 'show': {
      const [letter, ...more] = rest.map(position);
      if (letter === undefined || more.length > 0) {
        throw new UsageError('show needs one dead letter, as PARTITION:OFFSET');
      }
      return { command: 'show', ...cluster, letter, keyEnv: words.value('key-env', text) };
    }
    case 'replay':
      return replayArguments(words, rest.map(position), cluster);
  }
}

function replayArguments(
  words: Words,
  letters: readonly LetterPosition[],
  cluster: OnCluster,
): ReplayArguments {
  const all = words.has('all');
  if (all === letters.length > 0) {
    throw new UsageError('replay needs either --all or dead letters, as PARTITION:OFFSET');
  }
  if (!all && (words.has('reason') || words.has('stage'))) {
    throw new UsageError('--reason and --stage choose among --all');
  }
  return {
    command: 'replay',
    ...cluster,
    letters: all ? undefined : letters,
    wanted: wantedBy(words),
    to: words.value('to', target) ?? 'branch',
    app: words.value('app', text),
    node: words.value('node', text),
    dryRun: words.has('dry-run'),
  };
}

function wantedBy(words: Words): (letter: Letter) => boolean {
  const reason = words.value('reason', text);
  const stage = words.value('stage', text);
  return ({ told }) =>
    (reason === undefined || told.reason === reason) && (stage === undefined || told.stage === stage);
}

function target(value: string, flag: string): 'branch' | 'topology' {
  if (value === 'branch' || value === 'topology') return value;
  throw new UsageError(`${flag} must be branch or topology`);
}

function position(word: string): LetterPosition {
  const [, partition, offset] = /^(\d{1,9}):(\d{1,15})$/.exec(word) ?? [];
  if (partition === undefined || offset === undefined) {
    throw new UsageError(`${quoted(word)} is no dead letter; write PARTITION:OFFSET, as list shows it`);
  }
  return { partition: Number(partition), offset: Number(offset) };
}

function isSubcommand(word: string | undefined): word is Subcommand {
  return word !== undefined && Object.hasOwn(own, word);
}
