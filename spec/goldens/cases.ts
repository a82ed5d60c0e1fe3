import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** A random case of one operation, with what Kafka Streams answered: the README beside this file says what each field means. */
export interface GoldenCase {
  readonly op: string;
  readonly case: string;
  readonly params: Readonly<Record<string, number>>;
  readonly input: readonly GoldenInput[];
  /** Of each input. */
  readonly output: readonly (readonly GoldenOutput[])[];
  /** Of each input. */
  readonly dropped: readonly number[];
  readonly restart: { readonly after: number };
}

export type GoldenInput = readonly [
  side: 'left' | 'right' | 'clock',
  key: string | null,
  value: string | null,
  timestamp: number,
];

export type GoldenOutput = readonly [key: GoldenKey, value: GoldenValue | null, timestamp: number];

export type GoldenKey = string | { readonly key: string; readonly start: number; readonly end: number };

export type GoldenValue = string | number;

let all: readonly GoldenCase[] | undefined;

/** The cases of the operations whose whole name it is, in the order of the file. */
export function casesOf(op: RegExp): readonly GoldenCase[] {
  all ??= read();
  const whole = new RegExp(`^(?:${op.source})$`);
  const cases = all.filter(one => whole.test(one.op));
  if (cases.length === 0) throw new Error(`no golden has an op like ${op.source}`);
  return cases;
}

function read(): readonly GoldenCase[] {
  const file = gunzipSync(readFileSync(join(__dirname, 'kafka-streams-4.3.1.jsonl.gz'))).toString('utf8');
  // The file is the repository's own.
  return file
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as GoldenCase);
}

/** A parameter that the case must have. */
export function param({ params, case: name }: GoldenCase, of: string): number {
  const value = params[of];
  if (value === undefined) throw new Error(`${name} has no ${of}`);
  return value;
}
