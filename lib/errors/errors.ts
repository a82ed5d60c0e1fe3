/**
 * Every error that kafka-rx throws or reports.
 *
 * One class, told apart by {@link KafkaRxError.code}: an ESM and a CommonJS copy of the library can meet in one
 * process, so `instanceof` is not to be relied on; use {@link isKafkaRxError}. A message says what went wrong,
 * where (topic, partition, offset) and what to do next. It never holds a record's key, value or headers.
 */

import { forAllCopies } from '../base/for-all-copies.js';
import { redactText } from '../card/redact-text.js';
import { errorKind, withheld } from './withheld.js';

export { errorKind } from './withheld.js';

/** The stable codes; docs/errors.md has a paragraph for each. */
export type ErrorCode =
  | 'CONFIGURATION'
  | 'TOPOLOGY'
  | 'SOURCE_WITHOUT_SUBSCRIBER'
  | 'STREAM_WITHOUT_SUBSCRIBER'
  | 'PATH_WITHOUT_SINK'
  | 'OUTSIDE_DISPATCH_WINDOW'
  | 'WITHOUT_DELIVERY'
  | 'SEVERAL_TASKS'
  | 'SINK_ENDED'
  | 'DECODE'
  | 'ENCODE'
  | 'PROCESS'
  | 'PRODUCE'
  | 'STORE'
  | 'GUARD'
  | 'DEAD_LETTER_LIMIT'
  | 'REPLAY_TARGET'
  | 'MISSING_TOPIC'
  | 'OFFSET_GONE'
  | 'UNREACHABLE'
  | 'COMMIT_REFUSED'
  | 'COMMIT_FAILED'
  | 'COMMIT_UNKNOWN'
  | 'TRANSACTION_TIMEOUT'
  | 'GROUP_ACTIVE'
  | 'STORE_AHEAD'
  | 'STORE_LOST'
  | 'STATE'
  | 'CUT_MISSING'
  | 'CUT_TORN'
  | 'CHANGELOG_LOST'
  | 'RECORD_TOO_LARGE'
  | 'DRIVER'
  | 'DEADLINE'
  | 'STALLED'
  | 'WORKER'
  | 'SIMULATION'
  | 'CLOSED';

/** What a record's bytes broke, in `KafkaRxError.rule` of a `DECODE`; docs/errors.md lists them. */
export type DecodeRule =
  | 'null'
  | 'empty'
  | 'too-large'
  | 'utf8'
  | 'json'
  | 'too-deep'
  | 'duplicate-key'
  | 'unsafe-number'
  | 'proto'
  | 'number'
  | 'type'
  | 'undeclared';

/** Where a record came from; what an error may say of it. */
export interface Coordinates {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** @category Errors @since 0.1.0 */
export interface KafkaRxErrorOptions {
  /** The record's coordinates, where the error concerns one record. */
  readonly at?: Coordinates | undefined;
  /** One sentence: what to do next. */
  readonly remedy?: string | undefined;
  /** The error beneath. One that is not ours is shown without its message, which may quote a value. */
  readonly cause?: unknown;
  /** Whether trying the same again can succeed. Default false. */
  readonly retriable?: boolean | undefined;
  /** The place inside a decoded value, such as `items.0.price`. */
  readonly path?: string | undefined;
  /** What the record's bytes broke, of a `DECODE`. */
  readonly rule?: DecodeRule | undefined;
}

/**
 * Every error of ours with the one beneath it, which is kept where no printer looks. One map for all copies of the library in a
 * process. What was thrown is looked up in it and not asked: it may say anything, or throw when it is asked.
 */
const originals = forAllCopies('kafka-rx.errors', new WeakMap<object, unknown>());

/** @category Errors @since 0.1.0 */
export class KafkaRxError extends Error {
  override readonly name = 'KafkaRxError';
  readonly code: ErrorCode;
  readonly at: Coordinates | undefined;
  readonly remedy: string | undefined;
  readonly retriable: boolean;
  readonly path: string | undefined;
  readonly rule: DecodeRule | undefined;

  /**
   * @param code a stable code
   * @param what what went wrong, without any value of a record
   */
  constructor(code: ErrorCode, what: string, options: KafkaRxErrorOptions = {}) {
    super(redactText(sentence(what, options)), causeOf(options.cause));
    originals.set(this, options.cause);
    this.code = code;
    // A copy: what is handed in may be a live delivery, which would pin its batch.
    this.at = options.at && {
      topic: options.at.topic,
      partition: options.at.partition,
      offset: options.at.offset,
    };
    this.remedy = options.remedy && redactText(options.remedy);
    this.retriable = options.retriable ?? false;
    this.path = options.path && redactText(options.path);
    this.rule = options.rule;
  }

  /**
   * The error beneath as it was thrown, for programs that must tell one from another. Do not print it: its message may
   * quote a record. What `cause` shows of it holds no value.
   */
  original(): unknown {
    return originals.get(this);
  }
}

function causeOf(cause: unknown): ErrorOptions | undefined {
  if (cause === undefined) return undefined;
  return { cause: isKafkaRxError(cause) ? cause : withheld(cause) };
}

function sentence(what: string, options: KafkaRxErrorOptions): string {
  return what + behind(options);
}

/** What a message says after what went wrong: where, and what to do. */
function behind({ at, remedy }: KafkaRxErrorOptions): string {
  const where =
    at === undefined ? '' : ` (topic ${at.topic}, partition ${at.partition}, offset ${at.offset})`;
  return `${where}${remedy === undefined ? '' : `. ${remedy}`}`;
}

/** An error as plain data, for another thread; of a foreign one only its kind, since its message may quote a value. */
export interface ToldError extends Omit<KafkaRxErrorOptions, 'cause'> {
  readonly code: ErrorCode | undefined;
  readonly what: string;
}

/** @internal */
export function told(error: unknown): ToldError {
  if (!isKafkaRxError(error)) return { code: undefined, what: errorKind(error) };
  const { code, message, at, remedy, retriable, path, rule } = error;
  const what = message.slice(0, message.length - behind({ at, remedy }).length);
  return { code, what, at, remedy, retriable, path, rule };
}

/** @internal The error that was told; undefined for a foreign one. */
export function retold({ code, what, ...options }: ToldError): KafkaRxError | undefined {
  return code && new KafkaRxError(code, what, options);
}

/** Whether `error` is one of ours, from whichever copy of the library; never throws. @category Errors @since 0.1.0 */
export function isKafkaRxError(error: unknown, code?: ErrorCode): error is KafkaRxError {
  return (
    typeof error === 'object' &&
    error !== null &&
    originals.has(error) &&
    // It is ours, and no Proxy of it: nothing that follows runs anybody's code.
    fieldsRead.every(key => 'value' in (Object.getOwnPropertyDescriptor(error, key) ?? {})) &&
    typeof (error as KafkaRxError).message === 'string' &&
    (code === undefined || (error as KafkaRxError).code === code)
  );
}

/** What is read of an error of ours; who has put a getter in the place of one of these has made a stranger of it. */
const fieldsRead = ['code', 'message', 'at', 'remedy', 'retriable', 'path', 'rule'] as const;
