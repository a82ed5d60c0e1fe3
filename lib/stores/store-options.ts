import { nameKind } from '../base/name-kinds.js';
import { call, either, kind, oneOf } from '../base/option-kinds.js';
import {
  checkOptions,
  type FieldKinds,
  type Fields,
  isPlainObject,
  type Kind,
  shown,
} from '../base/option-schema.js';
import { KafkaRxError } from '../errors/errors.js';
import { kindOf } from './index-values.js';
import type { StoreOptions } from './port.js';

const renamed: Readonly<Record<string, string>> = {
  customer: "by: { customer: … }, and ask by store.by('customer', …)",
};

const indexesKind: Kind = kind(
  'an object of functions, such as { customer: value => value.customerId }',
  by => {
    if (!isPlainObject(by)) return false;
    for (const name of Object.keys(by)) {
      const fault = nameKind.fault(name);
      if (fault !== undefined) return { ...fault, what: `has a name that ${fault.what}` };
    }
    const other = Object.entries(by).find(([, of]) => typeof of !== 'function');
    return other && { path: other[0], what: `must be a function of the value, and is ${shown(other[1])}` };
  },
);

/** What all stores share. */
export const storeOptions: Fields<StoreOptions<unknown>> = {
  id: call,
  by: indexesKind,
  time: call,
  onUnreadable: either(oneOf('fail'), call),
};

/**
 * What every store checks of its options: its fields, and the names that these had before.
 *
 * @throws {KafkaRxError} `CONFIGURATION`, naming the option
 */
export function checkStoreOptions(
  where: string,
  fields: FieldKinds,
  options: unknown,
  defaults?: object,
): void {
  for (const [name, now] of Object.entries(renamed)) {
    if (typeof options === 'object' && options !== null && Object.hasOwn(options, name)) {
      throw new KafkaRxError('CONFIGURATION', `${where} has no option '${name}'`, {
        remedy: `Indexes are named by you: write ${now}`,
      });
    }
  }
  checkOptions(where, fields, options, defaults);
}

/** The methods that stores had before, for programs that no compiler looks at. */
export const renamedMethods = {
  byCustomer(): never {
    throw new KafkaRxError('CONFIGURATION', 'There is no byCustomer any more: indexes are named by you', {
      remedy: "Give the store by: { customer: … } and ask by store.by('customer', …)",
    });
  },
} as const;

/** @throws {KafkaRxError} `STORE` for an index that the store does not have, and for what is no term */
export function requireIndex(
  index: unknown,
  indexes: readonly { readonly name: string }[],
  where: string,
  term: unknown,
): void {
  if (!indexes.some(({ name }) => name === index)) {
    const names = indexes.map(({ name }) => `'${name}'`).join(', ');
    const asked = typeof index === 'string' ? `'${index}'` : `whose name is ${kindOf(index)}`;
    throw new KafkaRxError('STORE', `The ${where} has no index ${asked}`, {
      remedy:
        names === '' ? "Give it the option 'by'" : `It has ${names}: ask for one of these, or add it to 'by'`,
    });
  }
  if (typeof term === 'string') return;
  throw new KafkaRxError(
    'STORE',
    `The ${where} was asked for something that is no text in '${index}': ${kindOf(term)}`,
    { remedy: 'Ask for a string, as the index files documents under strings' },
  );
}

/** @throws {KafkaRxError} `STORE` for what is no id */
export function requireId(id: unknown, where: string): void {
  if (typeof id === 'string') return;
  throw new KafkaRxError('STORE', `The ${where} was asked for a document by ${kindOf(id)}, which is no id`, {
    remedy: 'Ask by the text that StoredDocument.id is',
  });
}
