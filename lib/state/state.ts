import { Buffer } from 'node:buffer';
import { type Observable, Subject } from 'rxjs';
import { HeardEvents } from '../app/lifecycle/heard-events.js';
import type { TopologyNode } from '../app/topology/node.js';
import { forAllCopies } from '../base/for-all-copies.js';
import { call, oneOf, required, whole } from '../base/option-kinds.js';
import { checkArgument, checkOptions, type Fields } from '../base/option-schema.js';
import { type Codec, codecKind } from '../codecs/codec.js';
import { KafkaRxError } from '../errors/errors.js';
import type { Lane } from '../flow/leases/delivery.js';
import { deepFreeze, frozen } from '../record/deep-freeze.js';
import { backendKind, type StateBackends } from './backend.js';
import { isReserved } from './log/log-keys.js';
import type { OlderValue } from './older-value.js';
import type { RowChange, StateChange } from './state-change.js';
import { notDecoded } from './state-errors.js';
import {
  limitKind,
  type ReadOptions,
  readOptions,
  type StateQueries,
  type StateQuestion,
  type StateRead,
  type StateTables,
  stateQuestions,
  type WindowedValue,
  type WindowsOptions,
  windowsOptions,
} from './state-queries.js';
import type { StateLayout } from './table-layout.js';

/** What is done about a commit that says nothing of the cut in a changelog which is not empty, or something else: see {@link StateOptions.onMissingCut}. */
export type OnMissingCut = 'fail' | 'empty' | 'keep';

/** @category State @since 0.2.0 */
export interface StateOptions<K, V> {
  /** Keys, in the changelog and in questions. Bytes that begin with two zeros and `kafka-rx/`, as our own records do, are refused. */
  readonly key: Codec<K>;
  /** What is kept of each key: what an aggregate's functions return. */
  readonly value: Codec<V>;
  /** Where it lies beside its changelog. Default: in memory. */
  readonly backend?: StateBackends | undefined;
  /**
   * The group's offsets were set by another tool, or have expired with the changelog's cut unreadable: what is in the changelog was not made of what
   * comes before them. `'fail'`: the app fails with `CUT_MISSING`; `'empty'`: the state begins anew; `'keep'`: it goes on with what it has; both are
   * told by the logger. Of states that share their inputs one that fails fails them all. It is the same where the changelog of this state has lost its
   * end and those of others have not, whatever these say: the error is `CUT_TORN` then. Default `'fail'`.
   */
  readonly onMissingCut?: OnMissingCut | undefined;
  /**
   * Of the values as `value` writes them, from 1 on. It stands in the changelog: whoever changes what is kept says a higher one, with
   * `upgrade`; without that the app fails with `CONFIGURATION` over a changelog of another version. Keys have none. Default 1.
   */
  readonly version?: number | undefined;
  /**
   * What an older version has written, as this one has it: called for each such row of the changelog as the state is restored, for which a copy that lies
   * nearby is read anew. What it throws fails the app with `DECODE`.
   */
  readonly upgrade?: ((old: OlderValue) => V) | undefined;
}

export const stateOptions: Fields<StateOptions<unknown, unknown>> = {
  key: required(codecKind),
  value: required(codecKind),
  backend: backendKind,
  onMissingCut: oneOf('fail', 'empty', 'keep'),
  version: whole(1),
  upgrade: call,
};

/**
 * A named, typed map that a topology keeps: made by `app.state`, written by one operator, asked while the app runs. Answers are of the tasks that this
 * member has and has restored, as of their last commit or as of now: see `ReadOptions.read`. What is given is left as it is.
 *
 * @category State @since 0.2.0
 */
export interface State<K = unknown, V = unknown> {
  readonly name: string;
  /** The value of a key; undefined: this member's tasks have none. Of a state with windows see `windows`. */
  get(key: K, options?: ReadOptions): V | undefined;
  /** Its windows that begin from `from` on and below `to`, in order. */
  windows(key: K, options?: WindowsOptions): readonly WindowedValue<V>[];
  /** Its sessions that reach into the time from `from` on and below `to`, in order of their ends; of a state with sessions. */
  sessions(key: K, options?: WindowsOptions): readonly WindowedValue<V>[];
  /**
   * All keys from `from` on and below `to`, in the order of their bytes, at most `limit` (whole, from 1 up, or Infinity; default 1,000); of states without
   * windows.
   */
  range(
    from?: K | undefined,
    to?: K | undefined,
    limit?: number | undefined,
    options?: ReadOptions,
  ): readonly (readonly [key: K, value: V])[];
  /**
   * What commits of this member's tasks change, as they do: of each commit one change a key, or window, in the order of the changelog's rows. It is hot: who
   * subscribes later hears what comes later, and what a restore finds is no change. It completes with the app, and never errors; what a
   * listener throws is told by the logger.
   */
  readonly changes$: Observable<StateChange<K, V>>;
}

/** What a handle asks of its app. */
export interface StateHost {
  /** The same for all states of an app. */
  readonly app: object;
  readonly reads: StateRead;
  changelogOf(state: string): string;
  /** The tables of the tasks that this member has. */
  ask(name: string, read: StateRead): readonly StateTables[];
  /** A listener of changes threw, or a codec could not read what it has written. */
  unheard(state: string, thrown: unknown): void;
}

const questionOptions = {
  get: readOptions,
  windows: windowsOptions,
  sessions: windowsOptions,
  range: readOptions,
};

/** Who writes a state, and how. */
export interface StateWriter {
  readonly node: TopologyNode;
  readonly layout: StateLayout;
  /** See `Kept`. */
  readonly rowsOf?: string | undefined;
  readonly queries: StateQueries;
  /** It does something once the inputs of a task have come to their ends. */
  readonly hearsEnds?: boolean | undefined;
}

/** Those that apps have made: of any copy of the library in the process, ESM beside CommonJS. */
const handles = forAllCopies('kafka-rx.states', new WeakSet<object>());

export function isStateHandle(thing: unknown): boolean {
  return typeof thing === 'object' && thing !== null && handles.has(thing);
}

/** The handle behind {@link State}. */
export class StateHandle<K, V> implements State<K, V> {
  readonly name: string;
  readonly key: Codec<K>;
  readonly value: Codec<V>;
  readonly backend: StateBackends | undefined;
  readonly onMissingCut: OnMissingCut;
  readonly version: number;
  readonly upgrade: ((old: OlderValue) => V) | undefined;
  readonly app: object;
  readonly changes$: Observable<StateChange<K, V>>;
  readonly #host: StateHost;
  readonly #changes = new Subject<StateChange<K, V>>();
  #writer: StateWriter | undefined;
  #begins: ((lane: Lane) => void) | undefined;

  constructor(name: string, options: StateOptions<K, V>, host: StateHost) {
    this.name = name;
    this.key = options.key;
    this.value = options.value;
    this.backend = options.backend;
    this.onMissingCut = options.onMissingCut ?? 'fail';
    this.version = options.version ?? 1;
    this.upgrade = options.upgrade;
    if (this.upgrade !== undefined && this.version === 1) throw neverUpgraded(name);
    this.app = host.app;
    this.changes$ = new HeardEvents(this.#changes, thrown => host.unheard(name, thrown));
    this.#host = host;
    handles.add(this);
  }

  get writer(): StateWriter | undefined {
    return this.#writer;
  }

  /** See `Kept`. */
  get rowsOf(): string {
    return this.#writer?.rowsOf ?? 'keys';
  }

  /** @throws `TOPOLOGY`: another operator writes it already */
  writtenBy(writer: StateWriter): void {
    if (this.#writer !== undefined) {
      throw new KafkaRxError(
        'TOPOLOGY',
        `The state '${this.name}' is written by '${this.#writer.node.name}', and '${writer.node.name}' was to write it too`,
        {
          remedy:
            'Give each operator a state of its own; where two streams belong into one, merge them before it, or use cogroup',
        },
      );
    }
    this.#writer = writer;
  }

  /**
   * Its operator hears of each epoch of a task that begins, restored, by a lane of it.
   *
   * @returns the way out
   */
  onBegin(begins: (lane: Lane) => void): () => void {
    this.#begins = begins;
    return () => {
      if (this.#begins === begins) this.#begins = undefined;
    };
  }

  begins(lane: Lane): void {
    this.#begins?.(lane);
  }

  get(key: K, options?: ReadOptions): V | undefined {
    const get = this.#answerTo('get');
    const text = this.keyText(key);
    for (const tables of this.#ask('get', options)) {
      const found = get(tables, text);
      if (found !== undefined) return found as V;
    }
    return undefined;
  }

  windows(key: K, options?: WindowsOptions): readonly WindowedValue<V>[] {
    return this.#inTime('windows', key, options);
  }

  sessions(key: K, options?: WindowsOptions): readonly WindowedValue<V>[] {
    return this.#inTime('sessions', key, options);
  }

  #inTime(what: 'windows' | 'sessions', key: K, options: WindowsOptions = {}): readonly WindowedValue<V>[] {
    const answer = this.#answerTo(what);
    const text = this.keyText(key);
    // Infinity has no bytes.
    const from = Math.min(options.from ?? 0, Number.MAX_SAFE_INTEGER);
    const to = Math.min(options.to ?? Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    return this.#ask(what, options).flatMap(
      tables => answer(tables, text, from, to) as readonly WindowedValue<V>[],
    );
  }

  range(from?: K, to?: K, limit = 1_000, options?: ReadOptions): readonly (readonly [key: K, value: V])[] {
    checkArgument('State.range', 'the limit', limitKind, limit);
    const range = this.#answerTo('range');
    const [first, end] = [from, to].map(key => (key === undefined ? undefined : this.keyText(key)));
    return this.#ask('range', options)
      .flatMap(tables => range(tables, { from: first, to: end }, limit))
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .slice(0, limit)
      .map(([key, value]) => [this.keyOf(key), value as V]);
  }

  #ask(question: StateQuestion, options?: ReadOptions): readonly StateTables[] {
    if (options !== undefined) checkOptions(`State.${question}`, questionOptions[question], options);
    return this.#host.ask(this.name, options?.read ?? this.#host.reads);
  }

  /** @throws `CONFIGURATION`: to be answered as if nothing were kept would be taken for that */
  #answerTo<Q extends StateQuestion>(question: Q): NonNullable<StateQueries[Q]> {
    const queries = this.#queries;
    const answer = queries[question];
    if (answer === undefined) throw unanswered(this.name, this.rowsOf, question, queries);
    return answer;
  }

  /** Somebody hears of changes. */
  get isHeard(): boolean {
    return this.#changes.observed;
  }

  /** @param changes decoded as they are taken */
  tell(changes: Iterable<RowChange>): void {
    try {
      for (const change of changes) {
        const told = { ...change, key: this.keyOf(change.key), value: change.value as V | undefined };
        this.#changes.next(frozen ? deepFreeze(told) : told);
      }
    } catch (error) {
      this.#host.unheard(this.name, error);
    }
  }

  /** The app has ended. */
  end(): void {
    this.#changes.complete();
  }

  /** The key as bytes in latin1 text. @throws `ENCODE` */
  keyText(key: K): string {
    const bytes = this.key.encode(key);
    if (bytes === null) throw noKey(this.name);
    const text = latin1Of(bytes);
    if (isReserved(text)) throw reservedKey(this.name);
    return text;
  }

  /**
   * @param partition where it was found, if that is known
   * @throws `STATE`: it is of another codec
   */
  keyOf(text: string, partition?: number): K {
    const at = { topic: this.#host.changelogOf(this.name), partition: partition ?? 0, offset: 0 };
    try {
      return this.key.decode(Buffer.from(text, 'latin1'), at);
    } catch (cause) {
      throw notDecoded('key', this.name, cause, partition === undefined ? undefined : at);
    }
  }

  get #queries(): StateQueries {
    const { writer } = this;
    if (writer !== undefined) return writer.queries;
    throw new KafkaRxError('TOPOLOGY', `The state '${this.name}' has no operator that writes it`, {
      remedy: 'Give it to an operator of kafka-rx/state, such as count or aggregate, before the app runs',
    });
  }
}

function unanswered(
  state: string,
  rowsOf: string,
  question: StateQuestion,
  queries: StateQueries,
): KafkaRxError {
  const answered = stateQuestions.filter(one => queries[one] !== undefined);
  return new KafkaRxError(
    'CONFIGURATION',
    answered.length === 0
      ? `State.${question}: the state '${state}' is of suppress, and answers no questions`
      : `State.${question}: the state '${state}' has rows of ${rowsOf}, and answers ${answered.join(' and ')} alone`,
    {
      remedy:
        answered.length === 0
          ? 'Ask the state of the operator before it'
          : `Ask ${answered.map(one => `State.${one}`).join(' or ')}`,
    },
  );
}

function latin1Of(bytes: Buffer): string {
  return bytes.toString('latin1');
}

function reservedKey(state: string): KafkaRxError {
  return new KafkaRxError(
    'ENCODE',
    `A key of the state '${state}' begins as the names do that a changelog has for what is not the user's`,
    { remedy: 'Have the key codec write another first byte' },
  );
}

function noKey(state: string): KafkaRxError {
  return new KafkaRxError('ENCODE', `A key of the state '${state}' was encoded as null`, {
    remedy: 'Key records before they come to the state; null is no key',
  });
}

function neverUpgraded(state: string): KafkaRxError {
  return new KafkaRxError(
    'CONFIGURATION',
    `The state '${state}' has an upgrade and no version above 1: nothing is older`,
    { remedy: 'Say version: 2, or one above what the changelog has' },
  );
}
