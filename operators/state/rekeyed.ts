import { Buffer } from 'node:buffer';
import { isUint8Array } from 'node:util/types';
import { KafkaRxError } from '../../lib/errors/errors.js';
import { formerKey, type KafkaRecord } from '../../lib/record/record.js';
import type { StateHandle } from '../../lib/state/state.js';
import type { StateOperator } from './state-operator-parts.js';

type Keys<K> = Pick<StateHandle<K, unknown>, 'name' | 'keyText'>;

/**
 * Refuses a record that was keyed anew without `repartition`.
 *
 * @param key as bytes in latin1
 * @throws `STATE`
 */
export function refuseRekeyed<K, I>(
  {
    name,
    state,
    plainKey,
  }: Pick<StateOperator<K, never, never, never, never, I>, 'name' | 'plainKey'> & {
    readonly state: Keys<K>;
  },
  record: KafkaRecord,
  key: string | undefined,
): void {
  const former = record[formerKey];
  // A null key is passed over, wherever it lies.
  if (former === undefined || key === undefined || isKey(state, former.key, key)) return;
  // It may have been given another window, and lies where its key does.
  if (!isKey(state, plainKey(former.key as I), key)) throw rekeyed(name, state.name, record);
}

/** Whether the key that a record came with has these bytes; otherwise it would be looked for in the partition of the other. */
function isKey<K>(state: Keys<K>, former: unknown, key: string): boolean {
  if (former === null || former === undefined) return false;
  if (isUint8Array(former)) return Buffer.from(former).toString('latin1') === key;
  try {
    // Of whatever type it is, the codec says.
    return state.keyText(former as K) === key;
  } catch {
    return false;
  }
}

function rekeyed(name: string, state: string, record: KafkaRecord): KafkaRxError {
  return new KafkaRxError(
    'STATE',
    `'${name}' was handed a record whose key is another than it came with: others of that key may lie in other partitions, ` +
      `and the state '${state}' would have each of them in a part of its own`,
    {
      at: record,
      remedy:
        'Put repartition(app.internal(…), value => key) where the key is changed, in place of mapKey or withKey, so that records of a key come together',
    },
  );
}
