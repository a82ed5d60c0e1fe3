import { KafkaRxError } from '../errors/errors.js';
import type { DocumentStore } from '../stores/port.js';

type Claimable = Pick<DocumentStore<unknown>, 'positions'> & { readonly name?: string };

/** Who has a store: the app of a group, or a reset of it. */
interface Holder {
  readonly groupId: string;
}

/** Store objects, and their positions, by whoever has them now. */
const holders = new WeakMap<object, Holder>();

/**
 * Takes store objects for one app, or one reset, alone: whoever ends closes them, writes are one at a time, and positions, begins and
 * branches are those of one topology. Two objects for one folder are another thing, as two processes are.
 *
 * @returns gives one back
 * @throws `CONFIGURATION` where another has one, or `GROUP_ACTIVE` for one of the same group where `reset`; then none is taken
 */
export function claimStores<S extends Claimable>(
  stores: Iterable<S>,
  groupId: string,
  { reset = false } = {},
): (store: S) => void {
  const holder: Holder = { groupId };
  const all = [...stores];
  for (const store of all) {
    const other = partsOf(store)
      .map(part => holders.get(part))
      .find(found => found !== undefined);
    if (other !== undefined) throw taken(store, other, reset && other.groupId === groupId);
  }
  for (const store of all) for (const part of partsOf(store)) holders.set(part, holder);
  return store => {
    for (const part of partsOf(store)) if (holders.get(part) === holder) holders.delete(part);
  };
}

/** A copy of a store's fields has the positions of the first: it is the same store. */
function partsOf(store: Claimable): readonly object[] {
  return store.positions ? [store, store.positions] : [store];
}

function taken({ name }: Claimable, { groupId }: Holder, active: boolean): KafkaRxError {
  const store = name === undefined ? 'The store' : `The store '${name}'`;
  return new KafkaRxError(
    active ? 'GROUP_ACTIVE' : 'CONFIGURATION',
    `${store} is in use by the app of group '${groupId}' in this process, or by a reset of it`,
    {
      remedy: active
        ? 'Stop its members first'
        : 'Await the run() of that app first, and what the store has not answered for yet, or make a store object for each app',
    },
  );
}
