/** Documents for the specs of stores. */
import type { Codec } from '../../lib/codecs/codec.js';
import type { Document, StoredDocument, StoreOptions } from '../../lib/stores/port.js';

export interface Sale {
  readonly customer: string;
  readonly at: number;
  readonly note: string;
}

export const saleCodec: Codec<Sale> = {
  name: 'json(Sale)',
  // JSON escapes lone surrogates, so that every string comes back.
  encode: sale => Buffer.from(JSON.stringify(sale)),
  decode: bytes => JSON.parse(String(bytes)),
};

export type SaleIndex = 'customer' | 'note';

export const saleIndexes: StoreOptions<Sale, SaleIndex> = {
  by: { customer: sale => sale.customer, note: sale => sale.note },
  time: sale => new Date(sale.at),
};

export const origin = 'cluster-1/topic-1';

export function sale(
  offset: number,
  customer: string,
  at: number,
  source: Partial<Document<Sale>['source']> = {},
) {
  return {
    source: { origin, partition: 0, offset, ordinal: '', sink: '', ...source },
    timestamp: 1,
    value: { customer, at, note: `${customer}@${at}` },
  } satisfies Document<Sale>;
}

export async function all<T>(documents: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const document of documents) found.push(document);
  return found;
}

export const ids = (documents: readonly StoredDocument<Sale>[]) => documents.map(({ id }) => id);
export const offsets = (documents: readonly StoredDocument<Sale>[]) =>
  documents.map(({ id }) => Number(id.split('/').at(-1)?.split('.')[0]));

/** Terms that a careless key would mix up. */
export const oddTerms = [
  '',
  'a',
  'ab',
  'a\0',
  'a\0b',
  '\0',
  'b\n',
  'é',
  'e\u0301',
  '🧾',
  '\ud800',
  '\udbff',
  '\udc00',
  '\ufffd',
  'x'.repeat(255),
  'x'.repeat(256),
  'x'.repeat(257),
  `${'x'.repeat(3000)}1`,
  `${'x'.repeat(3000)}2`,
  '🧾'.repeat(128),
  '漢'.repeat(256),
  '漢'.repeat(257),
];
