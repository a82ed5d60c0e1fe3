/**
 * Where a document came from, as an id and back.
 *
 * `origin/partition/offset`, the ordinal, and `@sink` where there is one. An origin may hold slashes (`cluster/topic`), so
 * an id is read from its end; an ordinal holds digits and dots only, so that offset and ordinal cannot run into each other;
 * in a sink `%`, `/` and `@` are written `%25`, `%2F` and `%40`.
 */
import { type Coordinates, KafkaRxError } from '../errors/errors.js';
import type { DocumentSource, StorePosition } from './port.js';

/** `''`, `.0`, `.3.12`: at most 64 steps of at most nine digits without leading zeros. */
const ordinalForm = /^(?:\.(?:0|[1-9]\d{0,8})){0,64}$/;
const idForm = /^([\s\S]*)\/(0|[1-9]\d*)\/(0|[1-9]\d*)((?:\.\d+)*)(?:@((?:[^%/@]|%25|%2F|%40)+))?$/;
const largestPartition = 0x7f_ff_ff_ff;

/** @see StoredDocument.id */
export function documentId(source: DocumentSource): string {
  const { origin, partition, offset, ordinal, sink = '' } = source;
  const place = `${origin}/${partition}/${offset}${ordinal}`;
  return sink === '' ? place : `${place}@${sink.replace(/[%/@]/g, escaped)}`;
}

/** The source that `id` names; undefined where no document can have that id. */
export function documentSource(id: string): DocumentSource | undefined {
  const [, origin, partition, offset, ordinal, sink = ''] = idForm.exec(id) ?? [];
  if (origin === undefined || ordinal === undefined) return undefined;
  const source = {
    origin,
    partition: Number(partition),
    offset: Number(offset),
    ordinal,
    sink: sink.replace(/%(25|2F|40)/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))),
  };
  return isSource(source) ? source : undefined;
}

function escaped(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** What an error says of a document; the origin stands for the topic, whose name a store is not told. */
export function coordinates({ origin, partition, offset }: DocumentSource): Coordinates {
  return { topic: origin, partition, offset };
}

/** @throws {KafkaRxError} `STORE` where the parts of the source cannot be told apart or stored */
export function checkSource(source: DocumentSource, where: string): void {
  if (isSource(source)) return;
  throw new KafkaRxError('STORE', `${where} was handed a document whose source has no valid form`, {
    at: coordinates(source),
    remedy:
      'Give a partition from 0 to 2147483647, a safe integer of at least 0 as offset, an ordinal such as "" or ".0.1", ' +
      'and text as sink',
  });
}

/** @throws {KafkaRxError} `STORE` where the position is none */
export function checkPosition({ origin, partition, offset }: StorePosition, where: string): void {
  if (isPlace(partition, offset)) return;
  throw new KafkaRxError('STORE', `${where} was handed a position that is none`, {
    at: { topic: origin, partition, offset },
    remedy: 'Give a partition from 0 to 2147483647 and a safe integer of at least 0 as offset',
  });
}

/** The steps of an ordinal: none for `''`, `[3, 12]` for `.3.12`. */
export function ordinalSteps(ordinal: string): readonly number[] {
  return ordinal === '' ? noSteps : ordinal.slice(1).split('.').map(Number);
}

const noSteps: readonly number[] = [];

function isSource({ partition, offset, ordinal, sink }: DocumentSource): boolean {
  return (
    isPlace(partition, offset) &&
    (ordinal === '' || ordinalForm.test(ordinal)) &&
    (sink === undefined || typeof sink === 'string')
  );
}

function isPlace(partition: number, offset: number): boolean {
  return (
    Number.isInteger(partition) &&
    partition >= 0 &&
    partition <= largestPartition &&
    Number.isSafeInteger(offset) &&
    offset >= 0
  );
}
