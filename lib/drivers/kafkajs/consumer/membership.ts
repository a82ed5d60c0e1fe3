/**
 * This consumer as a member of its group: who it is to the coordinator, and how it lets go of its partitions.
 *
 * kafkajs has no revoke hook: it notices a rebalance by the answer to a heartbeat and sends JoinGroup at once
 * (src/consumer/runner.js, scheduleFetchManager), on several paths (also recoverFromFetch in consumerGroup.js). All of
 * them end in `coordinator.joinGroup`, so that is where we wait:
 *
 * 1. hand out nothing more;
 * 2. ask the coordinator, by a heartbeat, whether we are still a member; if not, everything is lost;
 * 3. `revoking`: the app drains and commits while heartbeats go on, at most for the rebalance timeout;
 * 4. JoinGroup, always under the member id that the coordinator gave us, also after kafkajs had to be started anew:
 *    then nobody waits for a dead member's session to run out, and what we had is not lost by a broker's restart.
 */
import { MembershipTerm } from '../../membership-term.js';
import type { AssignedPartition } from '../../port.js';
import { kindOf, typeOf } from '../errors.js';
import { type Broker, type GroupGeneration, type JoinGroupRequest, sendTo } from '../internals/broker.js';
import { offsetCommitRequest } from '../protocol/offset-commit.js';
import type { Assignment } from './assignment.js';
import { type DrainContext, drain } from './drain.js';
import { Heartbeats, type HeartbeatTurn, ownHeartbeat } from './heartbeats.js';
import type { CommitTurn } from './offset-committer.js';
import { sessionOver } from './session-over.js';

/** What the membership needs to know of the consumer around it. */
export interface MembershipContext extends DrainContext {
  readonly assignment: Assignment;
  /** The coordinator gave the member an id after it had left: it waits for it until told to forget it. */
  readonly namedTooLate: (memberId: string) => void;
  /** Called before each join. */
  readonly joining: (coordinator: Broker) => Promise<void>;
  /** Looks the coordinator up, connected. */
  readonly findCoordinator: () => Promise<Broker>;
  /** Called when kafkajs should join again. */
  readonly rejoin: () => void;
  readonly rejoinWanted: () => boolean;
  /** The session had run out, and goes on in the same generation. */
  readonly confirmed: () => void;
  /** Whether the coordinator answers, whatever it says; undefined means that it does, else why not. */
  readonly heard: (failure: unknown) => void;
}

export class Membership {
  readonly #context: MembershipContext;
  readonly #term: MembershipTerm;
  #memberId = '';
  #generation = -1;
  #coordinator: Broker | undefined;
  readonly #heartbeats: Heartbeats;
  #letGo: Promise<void> | undefined;
  /** Ends a drain early: the group went on without us. */
  #expelled: () => void = () => {};
  #left = false;
  #asked: Promise<unknown> = Promise.resolve();
  /** What this member had last, for the sticky assignor; it outlives giving it up, but not losing it. */
  #owned: readonly AssignedPartition[] = [];

  constructor(context: MembershipContext) {
    this.#context = context;
    const { driver, options, heartbeatIntervalMs } = context;
    this.#term = new MembershipTerm(driver.clock, options.sessionTimeoutMs);
    this.#heartbeats = new Heartbeats({
      clock: driver.clock,
      intervalMs: heartbeatIntervalMs,
      answerBoundMs: options.sessionTimeoutMs / 3,
      turn: () => (this.#memberId === '' || this.#left ? undefined : this.#heartbeat()),
    });
  }

  /** Until when the group is sure not to have given the partitions away. */
  get term(): MembershipTerm {
    return this.#term;
  }

  get memberId(): string {
    return this.#memberId;
  }

  get owned(): readonly AssignedPartition[] {
    return this.#owned;
  }

  /** The group's generation that commits are sent under; what the coordinator fences by. */
  get generation(): GroupGeneration {
    return {
      groupId: this.#context.options.groupId,
      memberId: this.#memberId,
      groupGenerationId: this.#generation,
    };
  }

  /** The coordinator as last seen, looked up anew after {@link forgetCoordinator}. */
  async coordinator(): Promise<Broker> {
    if (this.#coordinator?.isConnected() !== true) this.#coordinator = await this.#context.findCoordinator();
    return this.#coordinator;
  }

  forgetCoordinator(): void {
    this.#coordinator = undefined;
  }

  /** The way of one commit, under the generation that is the current one when it is sent. */
  async openCommit(): Promise<CommitTurn> {
    let { groupGenerationId } = this.generation;
    const failed = (error: unknown): void => this.observe(error, groupGenerationId);
    try {
      const coordinator = await this.coordinator();
      return {
        send: offsets => {
          const { generation } = this;
          groupGenerationId = generation.groupGenerationId;
          return sendTo(coordinator, offsetCommitRequest(generation, offsets));
        },
        failed,
      };
    } catch (error) {
      failed(error);
      throw error;
    }
  }

  /** Step 1 to 3, before each JoinGroup; the request as it is to be sent. Concurrent joins wait for one drain. */
  async beforeJoin<T extends JoinGroupRequest>(coordinator: Broker, request: T): Promise<T> {
    this.#coordinator = coordinator;
    this.#letGo ??= this.#letGoOfAll().finally(() => {
      this.#letGo = undefined;
    });
    await this.#letGo;
    await this.#context.joining(coordinator);
    this.#heartbeats.stop();
    return { ...request, memberId: this.#memberId };
  }

  /** Settles when no JoinGroup is under way whose answer would be our id. */
  get asked(): Promise<unknown> {
    return this.#asked;
  }

  /** A JoinGroup is under way. */
  asking(answer: Promise<unknown>): void {
    if (this.#memberId === '') this.#asked = answer.catch(() => {});
  }

  /**
   * The coordinator gave us an id, and waits for our JoinGroup under it from now on. kafkajs keeps it to itself until that
   * is answered (src/broker/index.js, joinGroup); whoever stops before would leave a member behind.
   */
  named(memberId: string): void {
    if (this.#left) {
      this.#context.namedTooLate(memberId);
      throw sessionOver();
    }
    this.#memberId = memberId;
  }

  joined({ memberId, generationId }: { readonly memberId: string; readonly generationId: number }): void {
    this.#memberId = memberId;
    this.#generation = generationId;
  }

  /** The group has given this generation its assignment; `sentAt` is when it was asked for. */
  synced(sentAt: number, generation: number): void {
    if (generation === this.#generation) this.#term.confirm(sentAt);
  }

  /** The new assignment is known: heartbeats begin. */
  assigned(partitions: readonly AssignedPartition[]): void {
    this.#owned = partitions;
    this.#beat();
    // The leader took its time with the assignment.
    if (!this.#term.isConfirmed) void this.#heartbeats.beat();
  }

  /** Whether kafkajs is to be told of a rebalance. */
  get rejoinWanted(): boolean {
    return this.#context.rejoinWanted();
  }

  /** The member left, or is about to: nothing more is sent on its behalf. */
  leave(): void {
    this.#left = true;
    this.#heartbeats.stop();
    this.#expelled();
  }

  /** Draws the conclusion from an error of the group protocol; errors of an older generation say nothing. */
  observe(error: unknown, generation: number): void {
    if (this.#left || generation !== this.#generation) return;
    const type = typeOf(error);
    if (type === 'UNKNOWN_MEMBER_ID' || type === 'FENCED_INSTANCE_ID') {
      this.#memberId = '';
      this.#lose(type);
    } else if (type === 'ILLEGAL_GENERATION') {
      this.#lose(type);
    } else if (type === 'REBALANCE_IN_PROGRESS') {
      this.#context.rejoin();
    } else {
      this.forgetCoordinator();
    }
  }

  async #letGoOfAll(): Promise<void> {
    const { assignment } = this.#context;
    assignment.close();
    if (assignment.list().length === 0) return;
    await this.#heartbeats.beat();
    const partitions = assignment.list();
    if (partitions.length === 0 || this.#left) return;

    const expelled = new Promise<void>(resolve => {
      this.#expelled = resolve;
    });
    const drained = drain(this.#context, partitions, expelled);
    this.#beat();
    await drained;
    assignment.clear();
  }

  #lose(type: string): void {
    const { assignment, listener, driver, rejoin } = this.#context;
    const lost = assignment.clear();
    this.#owned = [];
    this.#heartbeats.stop();
    this.#expelled();
    rejoin();
    if (lost.length === 0) return;
    driver.logger.warn(
      { partitions: lost.length, reason: type },
      'partitions were lost: the group went on without this member',
    );
    listener.lost(lost);
  }

  /** Goes on once there is somebody to go on for. */
  #beat(): void {
    if (!this.#left) this.#heartbeats.begin();
  }

  /** One in this generation. Conclusions are drawn from its error where it arrives. */
  #heartbeat(): HeartbeatTurn {
    const { driver, heard } = this.#context;
    const { generation } = this;
    return {
      send: () => this.#sendHeartbeat(generation),
      ended: outcome => {
        if (outcome === 'late') this.forgetCoordinator();
        if (!this.#left) heard(outcome === 'late' ? new Error('no answer') : undefined);
      },
      failed: error => {
        driver.logger.debug({ reason: kindOf(error) }, 'heartbeat failed');
        this.observe(error, generation.groupGenerationId);
        // An error with a type is an answer of the coordinator.
        if (!this.#left) heard(typeOf(error) === undefined ? error : undefined);
      },
    };
  }

  /** An answer counts from when the question was sent, however late it comes. */
  async #sendHeartbeat(generation: GroupGeneration): Promise<void> {
    const coordinator = await this.coordinator();
    const sentAt = this.#context.driver.clock.elapsed();
    await coordinator.heartbeat(ownHeartbeat(generation));
    if (this.#left || generation.groupGenerationId !== this.#generation) return;
    if (this.#term.confirm(sentAt)) this.#context.confirmed();
  }
}
