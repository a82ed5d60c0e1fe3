import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { GoldenCase } from './cases.js';

/**
 * The cases of a file, a line at a time.
 *
 * @param file JSON lines; unpacked where it ends with `.gz`
 * @param op of these operations alone
 * @throws where it cannot be read, or a line is no case
 */
export async function* casesIn(file: string, op: RegExp | undefined): AsyncGenerator<GoldenCase> {
  const bytes = createReadStream(file);
  const text: Readable = file.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes;
  // A pipe hands on no error of what it comes from.
  bytes.on('error', error => text.destroy(error));
  let number = 0;
  for await (const line of createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY })) {
    number++;
    if (line.trim() === '') continue;
    const one = caseOf(line);
    if (one === undefined) throw new Error(`${file}, line ${number}, is no case of the goldens`);
    if (op === undefined || op.test(one.op)) yield one;
  }
}

function caseOf(line: string): GoldenCase | undefined {
  let one: unknown;
  try {
    one = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof one !== 'object' || one === null) return undefined;
  const {
    op,
    case: name,
    params,
    input,
    output,
    dropped,
  } = one as Partial<Record<keyof GoldenCase, unknown>>;
  const isCase =
    typeof op === 'string' &&
    typeof name === 'string' &&
    typeof params === 'object' &&
    [input, output, dropped].every(Array.isArray);
  // As far as can be told at a look: what else is wrong shows as a difference.
  return isCase ? (one as GoldenCase) : undefined;
}
