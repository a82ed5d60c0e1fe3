import { Buffer } from 'node:buffer';
import type { Coordinates } from '../errors/errors.js';
import { KafkaRxError } from '../errors/errors.js';

/** What belongs together: positions of the inputs, and what operators remember beside their tables. */
export interface Cut {
  /** Counted from 1, by one with each unit that was committed. */
  readonly number: number;
  /** By topic of the inputs: the offset that is read next. */
  readonly positions: Readonly<Record<string, number>>;
  /** By state and name: stream times, how far windows are closed. */
  readonly numbers: Readonly<Record<string, number>>;
  /** By state that it was written to: what its rows are of, such as `tumbling(60000)`. Not told by cuts of older versions. */
  readonly rowsOf?: Readonly<Record<string, string>> | undefined;
  /** By state: of which version its values are that were written with it. Those of version 1 are left out. */
  readonly versions?: Readonly<Record<string, number>> | undefined;
}

const version = 1;

/** As JSON: a reader passes over the fields that it does not know, and refuses a version above its own. */
export function encodeCut({ number, positions, numbers, rowsOf, versions }: Cut): Buffer {
  return Buffer.from(JSON.stringify({ version, number, positions, numbers, rowsOf, versions }));
}

/** @throws `DECODE` for what is no cut, or one of a later version */
export function decodeCut(bytes: Buffer, at: Coordinates): Cut {
  const told = parsed(bytes);
  if (told === undefined) throw unreadable('holds no cut that can be read', at);
  if (told.version > version)
    throw unreadable(
      `holds a cut of version ${told.version}, of which this version of kafka-rx knows nothing`,
      at,
    );
  const { number, positions, numbers, rowsOf, versions } = told;
  return { number, positions, numbers, rowsOf, versions };
}

function parsed(bytes: Buffer): (Cut & { readonly version: number }) | undefined {
  let told: unknown;
  try {
    told = JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
  if (typeof told !== 'object' || told === null) return undefined;
  const {
    version: of,
    number,
    positions = {},
    numbers = {},
    rowsOf = {},
    versions = {},
  } = told as Partial<Record<string, unknown>>;
  if (!isCount(of) || !isCount(number) || !areNumbers(positions) || !areNumbers(numbers)) return undefined;
  if (!areTexts(rowsOf) || !areNumbers(versions)) return undefined;
  return { version: of, number, positions, numbers, rowsOf, versions };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;

function areNumbers(value: unknown): value is Readonly<Record<string, number>> {
  return areAll(value, 'number');
}

function areTexts(value: unknown): value is Readonly<Record<string, string>> {
  return areAll(value, 'string');
}

function areAll(value: unknown, type: 'number' | 'string'): boolean {
  return (
    typeof value === 'object' && value !== null && Object.values(value).every(one => typeof one === type)
  );
}

function unreadable(what: string, at: Coordinates): KafkaRxError {
  return new KafkaRxError('DECODE', `The changelog ${what}`, {
    at,
    remedy: 'Run the version that wrote it, or a later one; or reset the state',
  });
}
