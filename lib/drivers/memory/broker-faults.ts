import { flag, kind, milliseconds, required, shape, text, whole } from '../../base/option-kinds.js';
import { checkArgument, type Fields } from '../../base/option-schema.js';
import { topicNameKind } from '../../base/topic-name.js';
import { secondUnitOf, tasksOf, transactionalId } from '../../base/transactional-id.js';
import { isKafkaRxError, KafkaRxError } from '../../errors/errors.js';
import type { Cluster } from './cluster.js';
import type { ConsumerGroup, GroupMember } from './consumer-group.js';
import type { ProduceScope } from './scripted-faults.js';
import type { HeldCommit } from './undecided-commits.js';

const timesKind = required(whole(1, { endless: true }));
const delayKind = required(milliseconds(0));
const errorKind = required(kind('a KafkaRxError', error => isKafkaRxError(error)));
const nameKind = required(text);
const scope: Fields<ProduceScope> = { topic: topicNameKind, partition: whole(0) };
const whereKind = required(shape(scope));
const heldCommit: Fields<HeldCommit> = { plainReads: flag };
const howKind = required(shape(heldCommit));

/**
 * What can be made to go wrong on an embedded broker, as `broker.faults`. Members are named by the ids that
 * `broker.members(groupId)` lists. Whatever a member hears of a fault, it hears in a deferred turn.
 *
 * @category Drivers @since 0.1.0
 */
export class BrokerFaults {
  readonly #cluster: Cluster;
  /** How the silence of these members ends. */
  readonly #silences = new Map<string, () => void>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /**
   * The next `times` commits, of a consumer or of a unit of work, fail and store nothing.
   *
   * @param error default: a retriable `COMMIT_FAILED`
   */
  refuseCommits(times: number, error: KafkaRxError = commitFailed()): void {
    checkArgument('refuseCommits', 'times', timesKind, times);
    checkArgument('refuseCommits', 'error', errorKind, error);
    this.#cluster.faults.failCommits(times, error);
  }

  /** From now on records are in the log at once, and acknowledged only `delayMs` later; 0 ends it. */
  delayAcknowledgements(delayMs: number): void {
    checkArgument('delayAcknowledgements', 'delayMs', delayKind, delayMs);
    this.#cluster.faults.acknowledgementDelayMs = delayMs;
  }

  /**
   * The next `times` produce requests fail before the log has their records. A retriable error is retried by the
   * producer every 100 ms until its delivery timeout; any other refuses the records.
   *
   * @param where requests of this topic or partition only. Default: all
   */
  failProduce(times: number, error: KafkaRxError, where: ProduceScope = {}): void {
    checkArgument('failProduce', 'times', timesKind, times);
    checkArgument('failProduce', 'error', errorKind, error);
    checkArgument('failProduce', 'where', whereKind, where);
    this.#cluster.faults.failProduce(times, error, where);
  }

  /** What `refuseCommits`, `failProduce`, `delayAcknowledgements` and `holdCommit` have left to fail does not fail any more. */
  clear(): void {
    this.#cluster.faults.clear();
    this.#cluster.undecided.clear();
  }

  /** Forces a rebalance of the group. */
  rebalance(groupId: string): void {
    checkArgument('rebalance', 'groupId', nameKind, groupId);
    this.#cluster.group(groupId).rebalance();
  }

  /** Puts the member out of its group; it learns of it at once (`lost`, without `revoking`) and joins anew. */
  losePartitions(memberId: string): void {
    const { group, member } = this.#find(memberId);
    group.remove(memberId);
    this.#cluster.clock.defer(() => member.expelled(), 'group');
  }

  /**
   * Puts the member out of its group without its knowledge: it reads on, as a zombie, beside the new owner, until a
   * commit is refused or its next heartbeat (a third of the session timeout apart); then as with `losePartitions`.
   */
  expireSession(memberId: string): void {
    this.#find(memberId).group.remove(memberId);
  }

  /**
   * The member's heartbeats do not arrive, as in a network cut or a process that is stopped: after its session timeout
   * the group goes on without it, and it hears nothing of that until `endSilence`.
   */
  silence(memberId: string): void {
    const { group, member } = this.#find(memberId);
    // Of two expiries one would be left when the silence ends.
    if (this.#silences.has(memberId)) return;
    member.setSilent(true);
    const expiry = this.#cluster.clock.schedule(() => group.remove(memberId), member.sessionTimeoutMs);
    this.#silences.set(memberId, () => {
      expiry.cancel();
      member.setSilent(false);
    });
  }

  /** Ends `silence`: the next heartbeat arrives at once. */
  endSilence(memberId: string): void {
    checkArgument('endSilence', 'the member', nameKind, memberId);
    this.#silences.get(memberId)?.();
    this.#silences.delete(memberId);
  }

  /** The consumer falls silent, as in a process that was killed; the group waits for its session timeout. */
  crash(memberId: string): void {
    const { group, member } = this.#find(memberId);
    member.die();
    this.#cluster.clock.schedule(() => group.remove(memberId), member.sessionTimeoutMs);
  }

  /** The consumer gives up for good: its listener's `failed` is called. */
  failConsumer(memberId: string, error: KafkaRxError): void {
    checkArgument('failConsumer', 'error', errorKind, error);
    const { member } = this.#find(memberId);
    this.#cluster.clock.defer(() => member.fail(error), 'group');
  }

  /**
   * Another owner opens this task's units of work: the present one can commit nothing more. A task of an app has two, which take turns:
   * `orders/0` means both of them, `orders/0/2` the second alone.
   *
   * @throws `CONFIGURATION` where no unit of work was opened under this name, with those that were
   */
  fence(groupId: string, taskId: string): void {
    checkArgument('fence', 'groupId', nameKind, groupId);
    checkArgument('fence', 'taskId', nameKind, taskId);
    const { tasks } = this.#cluster;
    tasks.get(this.#idOf(groupId, taskId))?.fence();
    tasks.get(transactionalId(groupId, secondUnitOf(taskId)))?.fence();
  }

  /**
   * The next commit of this task's unit of work is taken, and decided only by `decideCommit`, as where its owner ended while it asked, or the
   * coordinator stands still: he hears nothing of it (after 30 s `COMMIT_UNKNOWN`), its records do not show, and its offsets are not
   * there yet. Whoever opens the unit meanwhile waits, and so does whoever reads the offsets and wants stable ones. Of an app's task
   * `orders/0` it is the first of two units that take turns, and `orders/0/2` the second.
   *
   * @throws `CONFIGURATION` where the group has units of work and none was opened under this name, with those that were; before the first
   *   is opened any name is taken, for the commit to come
   */
  holdCommit(groupId: string, taskId: string, how: HeldCommit = {}): void {
    checkArgument('holdCommit', 'groupId', nameKind, groupId);
    checkArgument('holdCommit', 'taskId', nameKind, taskId);
    checkArgument('holdCommit', 'how', howKind, how);
    // Of a group that has none yet it may be the very first.
    const isFirst = tasksOf(groupId, this.#cluster.transactionalIds).length === 0;
    const id = isFirst ? transactionalId(groupId, taskId) : this.#idOf(groupId, taskId);
    this.#cluster.undecided.script(id, how);
  }

  /**
   * Ends `holdCommit`: records and offsets are there at once, whoever has the task by now.
   *
   * @throws `CONFIGURATION` where no unit of work was opened under this name, with those that were
   */
  decideCommit(groupId: string, taskId: string): void {
    checkArgument('decideCommit', 'groupId', nameKind, groupId);
    checkArgument('decideCommit', 'taskId', nameKind, taskId);
    this.#cluster.undecided.decide(this.#idOf(groupId, taskId));
  }

  /**
   * Nothing can be reached: no fetches, produce requests are retried, all else fails as `UNREACHABLE`, rebalances
   * wait. Sessions do not expire by it.
   */
  down(): void {
    this.#cluster.setReachable(false);
  }

  /** Ends `down`. */
  up(): void {
    this.#cluster.setReachable(true);
  }

  /** @throws where nobody has ever opened it: a fault of nothing would let a test pass that shows nothing */
  #idOf(groupId: string, taskId: string): string {
    const id = transactionalId(groupId, taskId);
    const { transactionalIds } = this.#cluster;
    if (transactionalIds.has(id)) return id;
    const known = tasksOf(groupId, transactionalIds).map(name => `'${name}'`);
    throw new KafkaRxError(
      'CONFIGURATION',
      `The group '${groupId}' has no unit of work '${taskId}'; it has ${known.join(', ') || 'none'}`,
      {
        remedy:
          "Name one that is open: of an app under exactly once its task, such as 'orders/0', once its partitions are assigned.",
      },
    );
  }

  #find(memberId: string): { readonly group: ConsumerGroup; readonly member: GroupMember } {
    checkArgument('broker.faults', 'the member', nameKind, memberId);
    for (const group of this.#cluster.groups) {
      const member = group.member(memberId);
      if (member !== undefined) return { group, member };
    }
    throw new KafkaRxError('CONFIGURATION', `No group has a member ${memberId}`, {
      remedy: 'Take the id from `broker.members(groupId)`.',
    });
  }
}

function commitFailed(): KafkaRxError {
  return new KafkaRxError('COMMIT_FAILED', 'The broker refused the commit, as a test told it to', {
    remedy: 'Try again.',
    retriable: true,
  });
}
