import { ClusterTransport } from '../../lib/drivers/kafkajs/producer/produce-transport.js';

/**
 * A produce request that leaves out one of its partitions, as kafkajs's own does when a leader moves between its tries
 * (src/producer/sendMessages.js, brokersWithoutResponse). The same partition for the whole time, so that its
 * records fall behind those of the others.
 */
export class LeftOutPartitions {
  #untilMs = 0;
  #victim: string | undefined;

  /** @param believed the seeded bug: what is missing from a response counts as written */
  install(believed: boolean): void {
    const { send } = ClusterTransport.prototype;
    const leaveOut = this.#leavesOut.bind(this);
    ClusterTransport.prototype.send = async function (nodeId, batches) {
      const sent = batches.filter(batch => !leaveOut(`${batch.topic}-${batch.partition}`));
      const results = sent.length === 0 ? [] : await send.call(this, nodeId, sent);
      if (!believed || sent.length === batches.length) return results;
      const missing = batches.filter(batch => !sent.includes(batch));
      return [...results, ...missing.map(({ topic, partition }) => ({ topic, partition, baseOffset: -1 }))];
    };
  }

  begin(forMs: number): void {
    this.#untilMs = Date.now() + forMs;
    this.#victim = undefined;
  }

  #leavesOut(partition: string): boolean {
    if (Date.now() >= this.#untilMs) return false;
    this.#victim ??= partition;
    return this.#victim === partition;
  }
}
