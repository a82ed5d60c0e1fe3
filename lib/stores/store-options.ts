import { KafkaRxError } from '../errors/errors.js';

const renamed: Readonly<Record<string, string>> = {
  customer: "by: { customer: … }, and ask by store.by('customer', …)",
};

/**
 * What every store checks of its options: those that all stores share, and the names that they had before.
 *
 * @param own the names of the store's own options
 * @throws {KafkaRxError} `CONFIGURATION`, naming the option
 */
export function checkStoreOptions(options: object, own: readonly string[], where: string): void {
  const known = ['id', 'by', 'time', ...own];
  for (const name of Object.keys(options)) {
    const now = renamed[name];
    if (now !== undefined) {
      throw new KafkaRxError('CONFIGURATION', `${where} has no option '${name}'`, {
        remedy: `Indexes are named by you: write ${now}`,
      });
    }
    if (!known.includes(name)) {
      throw new KafkaRxError('CONFIGURATION', `${where} has no option '${name}'`, {
        remedy: `It takes ${known.join(', ')}`,
      });
    }
  }
  const { id, by, time }: { readonly id?: unknown; readonly by?: unknown; readonly time?: unknown } = options;
  if (id !== undefined) requireFunction(id, 'id', where);
  if (time !== undefined) requireFunction(time, 'time', where);
  if (by === undefined) return;
  if (typeof by !== 'object' || by === null) {
    throw new KafkaRxError('CONFIGURATION', `The option 'by' of ${where} is no object of indexes`, {
      remedy: 'Write by: { customer: value => value.customerId }',
    });
  }
  for (const [name, of] of Object.entries(by)) requireFunction(of, `by.${name}`, where);
}

function requireFunction(value: unknown, name: string, where: string): void {
  if (typeof value === 'function') return;
  throw new KafkaRxError('CONFIGURATION', `The option '${name}' of ${where} is no function`, {
    remedy: 'Give a function of the value',
  });
}

/** The methods that stores had before, for programs that no compiler looks at. */
export const renamedMethods = {
  byCustomer(): never {
    throw new KafkaRxError('CONFIGURATION', 'There is no byCustomer any more: indexes are named by you', {
      remedy: "Give the store by: { customer: … } and ask by store.by('customer', …)",
    });
  },
} as const;

/** @throws {KafkaRxError} `STORE` for an index that the store does not have */
export function requireIndex(
  index: string,
  indexes: readonly { readonly name: string }[],
  where: string,
): void {
  if (indexes.some(({ name }) => name === index)) return;
  const names = indexes.map(({ name }) => `'${name}'`).join(', ');
  throw new KafkaRxError('STORE', `The ${where} has no index '${index}'`, {
    remedy:
      names === '' ? "Give it the option 'by'" : `It has ${names}: ask for one of these, or add it to 'by'`,
  });
}
