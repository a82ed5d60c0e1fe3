import type { AssignedPartition, DriverEvent } from '../../drivers/port.js';
import type { KafkaRxError } from '../../errors/errors.js';
import type { CommitResult } from '../../flow/commit/commit-cycle.js';
import type { StoreNew } from '../../flow/commit/new-stores.js';
import type { TaskRestoreProgress } from '../../state/restore.js';

/** Where an app is in its life; it never goes back. */
export type AppState = 'wiring' | 'starting' | 'running' | 'stopping' | 'stopped' | 'failed';

/**
 * What happens to an app, as data: `app.events$`. Trouble in the driver shows here and in `health()`, never as an
 * `error` in the graph.
 *
 * @category Lifecycle @since 0.1.0
 */
export type LifecycleEvent =
  | { readonly type: 'state'; readonly state: AppState }
  | { readonly type: 'subscribed'; readonly topics: readonly string[] }
  | { readonly type: 'assigned'; readonly partitions: readonly AssignedPartition[] }
  | { readonly type: 'revoking'; readonly partitions: readonly AssignedPartition[] }
  /** Given up; `pending` records were not settled in time and will be delivered again elsewhere. */
  | { readonly type: 'revoked'; readonly partitions: readonly AssignedPartition[]; readonly pending: number }
  | { readonly type: 'lost'; readonly partitions: readonly AssignedPartition[] }
  /**
   * A store was behind a commit that it had part in: it was put back from an older copy, or lost writes. The partition
   * begins at `offset`, where the store's `position` and what the log still holds allow it, and not at `committed`.
   */
  | {
      readonly type: 'resumed-at-store';
      readonly topic: string;
      readonly partition: number;
      readonly store: string;
      readonly committed: number;
      readonly position: number;
      readonly offset: number;
    }
  | StoreNew
  /** A changelog is read, before its task begins: `have` of its offsets are behind, `need` are still to come. */
  | ({ readonly type: 'restoring' } & TaskRestoreProgress)
  | { readonly type: 'commit'; readonly result: CommitResult }
  /** The final drain; `pending` records were not settled before the deadline and stay uncommitted. */
  | { readonly type: 'drained'; readonly pending: number }
  /** Something waits that has no bound of its own; `reason` stays in `health()` until the same is told as `waited`. */
  | { readonly type: 'waiting'; readonly reason: string }
  | { readonly type: 'waited'; readonly reason: string }
  | { readonly type: 'failed'; readonly error: KafkaRxError }
  | { readonly type: 'driver'; readonly event: DriverEvent };

/** Whether an app can do its work now, and why not. @category Lifecycle @since 0.1.0 */
export interface Health {
  readonly state: AppState;
  /** Running, connected, and the group has given this member its partitions (or none). */
  readonly ready: boolean;
  /** Not failed: a supervisor need not restart it. */
  readonly live: boolean;
  /** One sentence for each thing that keeps it from being ready, or that waits while it is. */
  readonly reasons: readonly string[];
}
