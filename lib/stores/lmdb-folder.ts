import { Buffer } from 'node:buffer';
import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { KafkaRxError } from '../errors/errors.js';

/**
 * Makes sure that lmdb-js may be let loose on the folder: it would create one for a reader too, and takes the whole
 * process down (a segmentation fault, 3.5.6) on a `data.mdb` that is not LMDB's.
 *
 * @throws {KafkaRxError} `STORE` where there is no store to read, or the file is something else
 * @throws the file system's errors, where the folder cannot be made or the file not be used
 */
export function prepareFolder(directory: string, readOnly: boolean, where: string): void {
  const file = join(directory, 'data.mdb');
  // The documents may be personal data: the folder is its owner's alone.
  if (!readOnly) mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (!existsSync(file)) {
    if (!readOnly) return;
    throw new KafkaRxError('STORE', `There is no ${where}`, {
      remedy: 'Check the path, or run the pipeline that fills it first',
    });
  }
  accessSync(file, readOnly ? constants.R_OK : constants.R_OK | constants.W_OK);
  if (isLmdbFile(file)) return;
  throw new KafkaRxError('STORE', `The ${where} is not an LMDB database`, {
    remedy: 'Name a folder of its own for the store',
  });
}

/** In the byte order of the machine that wrote the file, behind a header whose size is the platform's. */
const magic = [Buffer.from('dec0efbe', 'hex'), Buffer.from('beefc0de', 'hex')];
const headOfFile = 64;

/** Whether the first page bears LMDB's magic number; an empty file is what a process killed at the start leaves. */
function isLmdbFile(file: string): boolean {
  const head = Buffer.alloc(headOfFile);
  const descriptor = openSync(file, 'r');
  try {
    return readSync(descriptor, head) === 0 || magic.some(number => head.includes(number));
  } finally {
    closeSync(descriptor);
  }
}
