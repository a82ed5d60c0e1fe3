import { type MonoTypeOperatorFunction, tap } from 'rxjs';
import type { PolicyHost } from '../../lib/errors/policies/policy-host.js';
import { laneOf } from '../../lib/flow/leases/leases.js';
import type { PartitionLane } from '../../lib/flow/source/partition-lane.js';
import type { KafkaRecord } from '../../lib/record/record.js';

/** The partitions behind records that `deliver` or an app hands out, as a commit sees them. */
export class Partitions {
  readonly #lanes = new Map<number, PartitionLane>();
  readonly #outputSlot: (partition: number) => number;

  constructor(outputSlot: (partition: number) => number = () => 0) {
    this.#outputSlot = outputSlot;
  }

  /** To be put before the operator under test. */
  seen<R extends KafkaRecord>(): MonoTypeOperatorFunction<R> {
    return tap(record => {
      // Of a source's own record.
      const lane = laneOf(record) as PartitionLane;
      lane.outputSlot = this.#outputSlot(lane.partition);
      this.#lanes.set(lane.partition, lane);
    });
  }

  of(partition: number): PartitionLane {
    const lane = this.#lanes.get(partition);
    if (lane === undefined) throw new Error(`partition ${partition} was not seen`);
    return lane;
  }

  /** Its partition is at a barrier, and all that gather or queue are told. */
  barrier(partition: number): void {
    const lane = this.of(partition);
    lane.atBarrier = true;
    // What `deliver` and an app have for a host.
    (lane.host as PolicyHost).flush('commit');
  }

  over(partition: number): void {
    this.of(partition).atBarrier = false;
  }
}
