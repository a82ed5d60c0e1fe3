import { KafkaRxError } from '../errors/errors.js';
import type { DocumentStore } from '../stores/port.js';

interface Use {
  readonly groupId: string;
  apps: number;
}

/** Of the stores that apps of this process have open. */
const uses = new WeakMap<DocumentStore<unknown>, Use>();

/** One app's use of a store object, from before it is opened until it is closed. */
export interface StoreUse {
  /** Closes the store, unless another app still has it open. */
  end(): Promise<void>;
}

/**
 * Members of one group may run in one process and share a store object: the last of them closes it. Of two groups each would
 * overwrite the documents of the other, and hold the other's positions for its own.
 *
 * @throws `CONFIGURATION` for a store that an app of another group has open
 */
export function useStore(store: DocumentStore<unknown>, groupId: string): StoreUse {
  const use = uses.get(store) ?? { groupId, apps: 0 };
  if (use.groupId !== groupId) {
    throw new KafkaRxError(
      'CONFIGURATION',
      `The store '${store.name}' is open in the app '${use.groupId}' and cannot be another's, '${groupId}', too`,
      {
        remedy: 'Make a store for each app, in a folder of its own; read it with a store object of your own',
      },
    );
  }
  use.apps++;
  uses.set(store, use);
  let ended = false;
  return {
    async end() {
      if (!ended) {
        ended = true;
        use.apps--;
      }
      if (use.apps > 0) return;
      uses.delete(store);
      await store.close();
    },
  };
}
