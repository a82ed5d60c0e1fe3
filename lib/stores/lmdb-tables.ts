/** The tables of an LMDB store, and the check that the folder holds them in this format. */
import { Buffer } from 'node:buffer';
import { KafkaRxError } from '../errors/errors.js';
import { binary, type LmdbPicture, type LmdbRoot, type LmdbTable } from './lmdb-host.js';
import { format } from './lmdb-layout.js';

export type Table = LmdbTable;

export interface Tables {
  readonly root: LmdbRoot;
  readonly documents: Table;
  readonly byTime: Table;
  readonly byIndex: Table;
  readonly bundles: Table;
  readonly runs: Table;
  readonly names: Table;
  readonly meta: Table;
}

const formatKey = Buffer.from('format');
const filedKey = Buffer.from('count');
const removedKey = Buffer.from('removed');
const prefix = 'kafka-rx/';

/**
 * Opens the tables; creates them, where the store is new, unless `readOnly`.
 *
 * @param where names the store and its path in errors
 * @throws {KafkaRxError} `STORE` where another program or another format's release wrote the folder
 */
export function openTables(root: Tables['root'], readOnly: boolean, where: string): Tables {
  refuseForeign(root, where);
  const table = (name: string): Table => {
    const opened = root.openDB(prefix + name, binary);
    if (opened === undefined) {
      throw new KafkaRxError('STORE', `The ${where} is not complete yet`, {
        remedy: 'Open it for writing once, or wait until the process that creates it has done so',
        retriable: true,
      });
    }
    return opened;
  };
  const meta = table('meta');
  checkFormat(root, meta, readOnly, where);
  return {
    root,
    meta,
    documents: table('documents'),
    byTime: table('by-time'),
    byIndex: table('by-index'),
    bundles: table('bundles'),
    runs: table('runs'),
    names: table('names'),
  };
}

/** How many documents were ever filed: never less, since it says how many generations there are to look into. */
export function readFiled({ meta }: Tables, transaction?: LmdbPicture): number {
  return readNumber(meta, filedKey, transaction);
}

/** The number of documents: kept in the transaction that changes it, since counting would walk the whole table. */
export function readCount(tables: Tables): number {
  return readFiled(tables) - readNumber(tables.meta, removedKey);
}

/** Inside a write transaction. */
export function writeFiled({ meta }: Tables, filed: number): void {
  writeNumber(meta, filedKey, filed);
}

/** Inside a write transaction. */
export function addRemoved({ meta }: Tables, documents: number): void {
  writeNumber(meta, removedKey, readNumber(meta, removedKey) + documents);
}

function readNumber(meta: Table, key: Buffer, transaction?: LmdbPicture): number {
  return meta.get(key, transaction === undefined ? {} : { transaction })?.readDoubleBE(0) ?? 0;
}

function writeNumber(meta: Table, key: Buffer, number: number): void {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(number);
  meta.put(key, bytes);
}

function refuseForeign(root: Tables['root'], where: string): void {
  const names = [...root.getKeys()].map(name => name.toString());
  if (names.length === 0 || names.some(name => name.startsWith(prefix))) return;
  throw new KafkaRxError('STORE', `The ${where} is another program's database`, {
    remedy: 'Name a folder of its own for the store',
  });
}

function checkFormat(root: Tables['root'], meta: Table, readOnly: boolean, where: string): void {
  let found = meta.get(formatKey)?.readUInt32BE(0);
  if (found === undefined && !readOnly) {
    root.transactionSync(() => {
      // Read again: another process may have come first.
      found = meta.get(formatKey)?.readUInt32BE(0) ?? format;
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(found);
      meta.put(formatKey, bytes);
    });
  }
  if (found === format) return;
  const what =
    found === undefined ? 'is not complete yet' : `has format ${found}, this release reads format ${format}`;
  throw new KafkaRxError('STORE', `The ${where} ${what}`, {
    remedy:
      'Use the release of kafka-rx that wrote it, or give the store an empty folder (directory) and reset group and store to the ' +
      'beginning (resetGroup), which fills it again',
  });
}
