import { createReadStream } from 'node:fs';

/** A file that could not be read: which one and why, in one line. */
export class UnreadableFileError extends Error {
  override readonly name = 'UnreadableFileError';
  readonly code = 'UNREADABLE_FILE';
}

/** A line of a file. */
export interface Line {
  /** Counted from 1, blank lines too. */
  readonly number: number;
  /** Without its end. */
  readonly bytes: Buffer;
}

const lineFeed = 0x0a;
/** A byte order mark and a carriage return, which are no part of a line. */
const lineEndBytes = 4;
const carriageReturn = 0x0d;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * The lines of a file as the bytes that stand there, without their line ends (LF or CRLF), the byte order mark and
 * blank lines. Bytes and not text, since a line that is no UTF-8 has to arrive as it stands.
 *
 * Reads as fast as it is asked: memory holds one chunk and one line of at most `maxBytes`, whatever the file's size. Of a
 * longer line its number and length are told, and nothing is kept.
 *
 * @param maxBytes of one line. Default: any
 * @param tooLong hears of a longer line, counted from 1 with the blank ones, in its place among the others
 * @throws UnreadableFileError when the file is missing or cannot be read
 */
export async function* linesOf(
  file: string,
  maxBytes = Number.POSITIVE_INFINITY,
  tooLong: (line: number, bytes: number) => void = () => {},
): AsyncGenerator<Line, void, undefined> {
  // Parts of a line that goes on in the next chunk, joined once: joining at each chunk is quadratic in the line.
  let parts: Buffer[] = [];
  let first = true;
  let number = 0;
  let bytes = 0;
  const add = (part: Buffer): void => {
    bytes += part.length;
    // What is too long already is counted and let go.
    if (bytes <= maxBytes + lineEndBytes) parts.push(part);
    else parts = [];
  };
  const whole = (end: Buffer): Buffer | undefined => {
    number++;
    const length = bytes + end.length;
    bytes = 0;
    if (length > maxBytes + lineEndBytes) {
      parts = [];
      first = false;
      tooLong(number, length);
      return undefined;
    }
    let line = parts.length === 0 ? end : Buffer.concat([...parts, end]);
    parts = [];
    if (first) {
      first = false;
      if (line.subarray(0, 3).equals(byteOrderMark)) line = line.subarray(3);
    }
    if (line.at(-1) === carriageReturn) line = line.subarray(0, -1);
    if (isBlank(line)) return undefined;
    if (line.length <= maxBytes) return line;
    tooLong(number, line.length);
    return undefined;
  };

  for await (const chunk of chunksOf(file)) {
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
      const line = whole(chunk.subarray(start, end));
      start = end + 1;
      if (line !== undefined) yield { number, bytes: line };
    }
    if (start < chunk.length) add(chunk.subarray(start));
  }
  const line = whole(Buffer.alloc(0));
  if (line !== undefined) yield { number, bytes: line };
}

async function* chunksOf(file: string): AsyncGenerator<Buffer, void, undefined> {
  const chunks = createReadStream(file)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await readFrom(chunks, file);
      if (next === undefined) return;
      yield next;
    }
  } finally {
    await chunks.return?.(); // a reader that stops early leaves no open file behind
  }
}

/** Only the reading is guarded: what a consumer throws between two chunks is the consumer's. */
async function readFrom(chunks: AsyncIterator<Buffer>, file: string): Promise<Buffer | undefined> {
  try {
    const next = await chunks.next();
    return next.done === true ? undefined : next.value;
  } catch (cause) {
    throw new UnreadableFileError(`Cannot read ${file}: ${reasonOf(cause)}`, { cause });
  }
}

function reasonOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EISDIR':
      return 'it is a folder';
    case 'EACCES':
    case 'EPERM':
      return 'no permission';
    default:
      return typeof code === 'string' ? code : 'an unknown error';
  }
}

/** Spaces and tabs only; stops at the first other byte. */
function isBlank(line: Buffer): boolean {
  for (const byte of line) {
    if (byte !== 0x20 && byte !== 0x09 && byte !== carriageReturn) return false;
  }
  return true;
}
