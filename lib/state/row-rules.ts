import { Buffer } from 'node:buffer';
import { UnmaskedField } from '../codecs/declared.js';
import { KafkaRxError } from '../errors/errors.js';
import { isInstance } from '../errors/is-instance.js';
import { type Guard, unmasked } from '../flow/sinks/guard.js';
import { farFuture } from '../record/far-future.js';
import { noHeaders } from '../record/headers.js';

/** What rows of states keep to, which a changelog has as records. */
export interface RowRules {
  /** As of now: it is made anew when a mask comes that nobody knew of. */
  guard(): Guard;
  /** Bytes of key and value that the producer takes. */
  readonly maxRecordBytes: number;
}

/** Our own names before a key, and times behind it, at most: what a key of a changelog has more than that of a table. */
const longestAround = 300;

/**
 * Looks at the key and the size of a row; at its value whoever encodes that has looked.
 *
 * @param key in its table
 * @param logged the same in the changelog, asked where it is needed; undefined: it is not written there
 * @throws `GUARD`, `RECORD_TOO_LARGE`
 */
export function checkRow(
  state: string,
  { guard, maxRecordBytes }: RowRules,
  key: string,
  value: Buffer,
  timestamp: number,
  logged: () => Buffer | undefined,
): void {
  if (key.length + value.length + longestAround > maxRecordBytes) {
    const bytes = (logged()?.length ?? 0) + value.length;
    if (bytes > maxRecordBytes) throw tooLarge(state, bytes, maxRecordBytes);
  }
  const rules = guard();
  if (!rules.guards) return;
  const written = logged();
  if (written === undefined) return;
  const name = nameOf(state);
  try {
    rules.checkBeside(written, value, noHeaders, timestamp);
  } catch (error) {
    throw refused(error, state);
  }
  rules.checkBytes(written, 'key', undefined, name);
  rules.checkBytes(value, 'value', undefined, name);
  if (timestamp >= farFuture) rules.checkBytes(Buffer.from(String(timestamp)), 'timestamp', undefined, name);
}

/** What encoding a row threw, as an error that may be told. */
export function refused(error: unknown, state: string): unknown {
  if (!isInstance(error, UnmaskedField)) return error;
  const { path, what, remedy = remedyOfStates } = error;
  return unmasked(new UnmaskedField(path, what, remedy), undefined, nameOf(state));
}

const remedyOfStates =
  'Put mask before the operator that writes it, or leave the field out of what that keeps';

function nameOf(state: string): string {
  return `the state ${state}`;
}

function tooLarge(state: string, bytes: number, most: number): KafkaRxError {
  return new KafkaRxError(
    'RECORD_TOO_LARGE',
    `A row of the state '${state}' would have ${bytes} bytes in its changelog, above the limit of ${most}`,
    {
      remedy:
        'Keep less of each key, or in windows; or raise producer.maxRecordBytes in createApp and the max.message.bytes of the changelog',
    },
  );
}
