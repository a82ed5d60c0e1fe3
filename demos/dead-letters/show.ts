import { type DeadLetter, KafkaRxError, openDeadLetter } from 'kafka-rx';
import { columns, shown } from '../purchases/columns.js';
import type { ShowArguments } from './arguments.js';
import { type Letter, nameOf } from './letters.js';
import { recordName, timeOf } from './list.js';

/** One dead letter: what its headers tell, its payload as far as it may be seen, and a line that says which it is. */
export function show(
  letters: readonly Letter[],
  { letter: wanted, topic, keyEnv, json }: ShowArguments,
): string {
  const letter = letters.find(({ position }) => nameOf(position) === nameOf(wanted));
  if (letter === undefined) {
    throw new KafkaRxError('CONFIGURATION', `There is no dead letter ${nameOf(wanted)} in ${topic}`, {
      remedy: 'list shows those that there are',
    });
  }
  const { told, failedAt, replayed } = letter;
  const payload = payloadOf(letter, keyEnv);
  if (json) {
    return `${JSON.stringify({ letter: nameOf(wanted), failedAt: timeOf(failedAt), ...told, replayed, content: payload })}\n`;
  }
  const { at, timestamp, path = '-', way = '-', alike, ...rest } = told;
  const rows = Object.entries({
    record: recordName(at),
    timestamp: timestamp === undefined ? '-' : timeOf(timestamp),
    ...rest,
    way: alike > 1 ? `${way} (${alike} nodes)` : way,
    path,
    'failed at': timeOf(failedAt),
    replayed: replayed ? 'yes' : 'no',
  }).map(([name, text]) => [name, shown(text, 200)]);
  const lines = [...columns(rows, [])];
  // As JSON, in which no character moves the cursor.
  if (payload !== undefined) lines.push('', ...JSON.stringify(payload, undefined, 2).split('\n'), '');
  return `${[...lines, `Dead letter ${nameOf(wanted)}: ${said(told, payload)}`].join('\n')}\n`;
}

/** What there is to see of the record; undefined: nothing. */
function payloadOf({ told, payload }: Letter, keyEnv: string | undefined): unknown {
  if (payload === null) return undefined;
  if (told.payload === 'redacted') return parsed(payload);
  if (told.payload !== 'encrypted' || keyEnv === undefined) return undefined;
  const { key, value, headers } = openDeadLetter(payload, told.at, { env: keyEnv });
  return {
    key: textOf(key),
    value: textOf(value),
    headers: headers.map(header => [header.key, textOf(header.value)]),
  };
}

function said({ payload: kind }: DeadLetter, payload: unknown): string {
  if (kind === 'redacted') {
    return payload === undefined ? 'its payload is no JSON and not shown' : 'the payload is a redacted copy';
  }
  if (kind === 'none') return 'it holds no payload; the record lies where it says';
  return payload === undefined
    ? 'the payload is encrypted; --key-env NAME opens it'
    : 'the payload was decrypted';
}

/** Text as it is; bytes that are none, in base64. */
function textOf(bytes: Buffer | null): string | { readonly base64: string } | null {
  if (bytes === null) return null;
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? text : { base64: bytes.toString('base64') };
}

/** Undefined for what is no JSON: no app wrote that. */
function parsed(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString());
  } catch {
    return undefined;
  }
}
