/**
 * What the stock path of the kafkajs driver cannot hold, by name; docs/drivers.md says the same in words, and a spec holds the two
 * together. All else it must hold as the fast path does.
 */

interface Unheld {
  /** As the checker names it. */
  readonly invariant: string;
  /** The words of docs/drivers.md under which it stands there. */
  readonly documented: string;
}

export const unheldByStock: readonly Unheld[] = [
  {
    invariant: 'no duplicate without a fault',
    documented: 'Duplicates where the fast path has none',
  },
  {
    invariant: 'a topic made anew has documents of its own',
    documented: 'No topic ids',
  },
];

/**
 * Faults that are not for it: one is put into the fast path's own code; of a topic made anew unnoticed it skips what lies below the
 * old one's offset (`No topic ids`), which no other loss shall hide behind.
 */
export const faultsOfFastPath: readonly string[] = ['partition-left-out', 'topic-recreated'];
