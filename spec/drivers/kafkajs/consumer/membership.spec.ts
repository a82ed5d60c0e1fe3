import { Assignment } from '../../../../lib/drivers/kafkajs/consumer/assignment.js';
import { tapGroupProtocol } from '../../../../lib/drivers/kafkajs/consumer/group-protocol-tap.js';
import { Membership } from '../../../../lib/drivers/kafkajs/consumer/membership.js';
import type { Broker } from '../../../../lib/drivers/kafkajs/internals/broker.js';
import type { ConsumerOptions } from '../../../../lib/drivers/port.js';
import { quietContext } from '../../quiet-context.js';
import { ManualClock } from '../manual-clock.js';

const heartbeatIntervalMs = 1_000;
const sessionTimeoutMs = 6_000;

/** A membership in generation 1 with one partition, and a coordinator that answers heartbeats when it is told to. */
class Member {
  readonly clock = new ManualClock();
  readonly lost: string[] = [];
  confirmations = 0;
  readonly #answers: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];
  readonly membership: Membership;
  readonly #broker: Broker;

  constructor() {
    // What the membership uses of a broker, and nothing else of it.
    this.#broker = {
      isConnected: () => true,
      connectionPool: { send: async () => {} },
      joinGroup: async () => ({ memberId: 'me', generationId: 1 }),
      syncGroup: async () => ({}),
      heartbeat: () => new Promise<void>((resolve, reject) => void this.#answers.push({ resolve, reject })),
    } as unknown as Broker;
    const assignment = new Assignment();
    const options = { groupId: 'g', sessionTimeoutMs, rebalanceTimeoutMs: 60_000 } as ConsumerOptions;
    this.membership = new Membership({
      driver: quietContext('c', this.clock),
      options,
      listener: {
        assigned: () => {},
        revoking: async () => {},
        lost: partitions => void this.lost.push(...partitions.map(({ partition }) => String(partition))),
        batch: () => {},
        confirmed: () => {},
        failed: () => {},
      },
      assignment,
      heartbeatIntervalMs,
      namedTooLate: () => {},
      joining: async () => {},
      findCoordinator: async () => this.#broker,
      rejoin: () => {},
      rejoinWanted: () => false,
      confirmed: () => void this.confirmations++,
      heard: () => {},
    });
    tapGroupProtocol(this.#broker, this.clock, () => this.membership, this.membership);
    this.assign = () => this.membership.assigned(assignment.replace([{ topic: 't', partition: 0 }]));
  }

  readonly assign: () => void;

  /** Joins and syncs as kafkajs does. */
  async join(): Promise<void> {
    await this.#broker.joinGroup({ groupId: 'g', memberId: '' });
    await this.#broker.syncGroup({ groupId: 'g', memberId: 'me', generationId: 1 });
    this.assign();
  }

  /** How long the membership is sure, from now on. */
  get sureForMs(): number {
    return this.membership.term.until - this.clock.elapsed();
  }

  /** Has the heartbeat that waits now be answered so much later. */
  answerAfter(ms: number): void {
    const [answer] = this.#answers.splice(0);
    this.clock.schedule(() => answer?.resolve(), ms);
  }

  /** Answers the newest heartbeat; those before it were given up. */
  async answer(error?: unknown): Promise<void> {
    const answer = this.#answers.splice(0).at(-1);
    if (answer === undefined) throw new Error('no heartbeat was sent');
    if (error === undefined) answer.resolve();
    else answer.reject(error);
    await this.clock.settle();
  }
}

describe('the session of a kafkajs member', () => {
  test('lasts a session timeout, less a tenth, from when the assignment was asked for', async () => {
    const member = new Member();
    await member.join();
    expect(member.sureForMs).toBe(5_400);
    await member.clock.advance(5_399);
    expect(member.membership.term.isConfirmed).toBe(true);
    await member.clock.advance(1);
    expect(member.membership.term.isConfirmed).toBe(false);
  });

  test('counts a heartbeat from when it was sent, not from when it was answered', async () => {
    const member = new Member();
    await member.join();
    await member.clock.advance(1_000);
    await member.clock.advance(900);
    await member.answer();
    expect(member.sureForMs).toBe(5_400 - 900);
  });

  test('an answer that comes after a whole session confirms nothing', async () => {
    const member = new Member();
    await member.join();
    await member.clock.advance(1_000);
    member.answerAfter(5_500);
    await member.clock.advance(5_500);
    expect(member.membership.term.isConfirmed).toBe(false);
    expect(member.confirmations).toBe(0);
  });

  test('that ran out goes on with the next confirmed heartbeat, and says so once', async () => {
    const member = new Member();
    await member.join();
    await member.clock.advance(7_500);
    expect(member.membership.term.isConfirmed).toBe(false);
    await member.answer();
    expect(member.confirmations).toBe(1);
    expect(member.membership.term.isConfirmed).toBe(true);
    await member.clock.advance(1_000);
    await member.answer();
    expect(member.confirmations).toBe(1);
  });

  test('is not confirmed by a heartbeat of another generation', async () => {
    const member = new Member();
    await member.join();
    await member.clock.advance(1_000);
    const before = member.membership.term.until;
    member.membership.joined({ memberId: 'me', generationId: 2 });
    await member.answer();
    expect(member.membership.term.until).toBe(before);
  });

  test('that the group ended is a loss', async () => {
    const member = new Member();
    await member.join();
    await member.clock.advance(7_000);
    await member.answer(Object.assign(new Error('unknown'), { type: 'UNKNOWN_MEMBER_ID' }));
    expect(member.lost).toEqual(['0']);
    expect(member.confirmations).toBe(0);
  });
});
