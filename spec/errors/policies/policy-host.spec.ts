import { KafkaRxError } from '../../../lib/errors/errors.js';
import { PolicyHost } from '../../../lib/errors/policies/policy-host.js';
import { Delivery, type DropReason } from '../../../lib/flow/leases/delivery.js';
import { PartitionLane } from '../../../lib/flow/source/partition-lane.js';
import { VirtualClock } from '../../../lib/testing/index.js';

/** A host that fails at a dead letter of the test's choice, and lanes on it. */
class Host extends PolicyHost {
  readonly clock = new VirtualClock();
  readonly heard: string[] = [];
  live = true;

  constructor(private readonly failsAt: number) {
    super({ process: 'dead-letter', store: 'skip' });
  }

  fail({ code }: KafkaRxError): void {
    this.heard.push(`failed ${code}`);
    this.live = false;
  }

  dropped(reason: DropReason): void {
    this.heard.push(reason);
  }

  protected deadLetter(_problem: unknown, delivery: Delivery): void {
    this.heard.push(`letter ${delivery.offset}`);
    if (delivery.offset === this.failsAt) this.fail(new KafkaRxError('PRODUCE', 'no'));
  }

  lane(partition: number): PartitionLane {
    const settled = (_lane: PartitionLane, { offset }: Delivery) => this.heard.push(`settled ${offset}`);
    return new PartitionLane({ topic: 't', partition, epoch: 1 }, partition, this, [], { settled });
  }
}

const at = (lane: PartitionLane, offset: number) => new Delivery(lane, offset, offset, { bytes: 0, open: 0 });
const problem = (stage: 'process' | 'store') =>
  ({ stage, node: 'n', error: new KafkaRxError('PROCESS', 'bad') }) as const;

describe('a problem of several deliveries', () => {
  test('writes no dead letter behind the one that failed the app, and holds what is left', () => {
    const host = new Host(1);
    const lane = host.lane(0);
    const deliveries = [0, 1, 2].map(offset => at(lane, offset));
    host.problem(problem('process'), deliveries);
    for (const delivery of deliveries) delivery.release();
    expect(host.heard).toEqual(['letter 0', 'letter 1', 'failed PRODUCE', 'settled 0', 'settled 1']);
    expect(lane.held).toBe(1);
  });

  test('writes none for those whose epoch is over, and counts the record once', () => {
    const host = new Host(-1);
    const [over, current] = [host.lane(0), host.lane(1)];
    const deliveries = [at(over, 0), at(current, 1), at(current, 2)];
    over.end();
    host.problem(problem('process'), deliveries);
    expect(host.heard).toEqual(['letter 1', 'letter 2', 'dead-lettered']);
  });

  test('that comes after a failure is held, whatever the policy', () => {
    const host = new Host(-1);
    const lane = host.lane(0);
    host.live = false;
    host.problem(problem('store'), [at(lane, 0), at(lane, 1)]);
    expect([host.heard, lane.held]).toEqual([[], 2]);
  });
});

describe('what is given up', () => {
  test('is held where nobody ended it on purpose', () => {
    const host = new Host(-1);
    const lane = host.lane(0);
    host.giveUp(at(lane, 0));
    expect([host.heard, lane.held]).toEqual([[], 1]);
  });

  test('by an end on purpose is decided when all is closed: held where that has left a view of its source with nobody', () => {
    const host = new Host(-1);
    const [heard, left, before] = [host.lane(0), host.lane(1), host.lane(2)];
    before.leftAt = host.endings;
    host.end('out', () => {
      host.end('out', () => host.giveUp([at(heard, 0), at(left, 1), at(before, 2)]));
      expect(host.heard).toEqual([]);
      left.leftAt = host.endings;
    });
    expect([host.heard, heard.held, left.held, before.held]).toEqual([['settled 0', 'settled 2'], 0, 1, 0]);
  });

  test('is held when the app fails in the middle of the end', () => {
    const host = new Host(-1);
    const lane = host.lane(0);
    host.end('out', () => {
      host.giveUp(at(lane, 0));
      host.fail(new KafkaRxError('SINK_ENDED', 'another'));
    });
    expect([host.heard, lane.held]).toEqual([['failed SINK_ENDED'], 1]);
  });

  test('is decided also when closing throws', () => {
    const host = new Host(-1);
    const lane = host.lane(0);
    const close = () => {
      host.giveUp(at(lane, 0));
      throw new Error('close');
    };
    expect(() => host.end('out', close)).toThrow('close');
    expect(host.heard).toEqual(['settled 0']);
  });
});
