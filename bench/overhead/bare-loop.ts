import { json } from 'kafka-rx';
import {
  MaskedPurchase,
  Purchase,
  PurchasePattern,
  Reward,
  toPurchasePattern,
  toReward,
} from '../../demos/purchases/model.js';
import { maskCardNumber } from '../../lib/card/card-number.js';
import type { ProducerOutput } from '../../lib/drivers/port.js';
import { partitionForKey } from '../../lib/flow/sinks/partitioner.js';
import type { Document } from '../../lib/stores/port.js';
import type { NullLog } from '../null-log.js';
import type { NullProducer } from '../null-producer.js';
import type { NullStore } from '../null-store.js';

const purchase = json(Purchase);
const masked = json(MaskedPurchase);
const pattern = json(PurchasePattern);
const reward = json(Reward);
const documentsPerWrite = 2000;

/**
 * What demos/purchases/topology.ts does to a purchase, written as one loop by hand: the same codecs, mask, projections, keys
 * and partitions, bytes and documents handed to the same producer and store. It tracks nothing and commits nothing.
 */
export async function bareLoop(
  topic: string,
  logs: readonly NullLog[],
  producer: NullProducer,
  store: NullStore<MaskedPurchase>,
): Promise<void> {
  const partitions = logs.length;
  const listener = { acknowledged() {}, refused() {} };
  const outputsOf = (name: string): readonly ProducerOutput[] =>
    logs.map((_, partition) => producer.output({ topic: name, partition }, listener));
  const send = (
    outputs: readonly ProducerOutput[],
    keyText: string,
    value: Buffer | null,
    timestamp: number,
  ): void => {
    const key = Buffer.from(keyText);
    outputs[partitionForKey(key, partitions)]?.append(key, value, [], timestamp);
  };
  const patterns = outputsOf('patterns');
  const rewards = outputsOf('rewards');
  const purchases = outputsOf('purchases');
  let documents: Document<MaskedPurchase>[] = [];

  for (let handed = true; handed; ) {
    handed = false;
    for (const [partition, log] of logs.entries()) {
      const batch = log.nextBatch(topic, partition);
      if (batch === undefined) continue;
      handed = true;
      for (let record = batch.next(); record !== undefined; record = batch.next()) {
        const { offset, timestamp } = record;
        const bought = purchase.decode(record.value, { topic, partition, offset });
        const value: MaskedPurchase = { ...bought, cardNumber: maskCardNumber(bought.cardNumber) };
        const seen = toPurchasePattern(value);
        send(patterns, seen.zipCode, pattern.encode(seen), timestamp);
        const earned = toReward(value);
        send(rewards, earned.customerId, reward.encode(earned), timestamp);
        send(purchases, value.customerId, masked.encode(value), timestamp);
        documents.push({
          source: { origin: 'null/transactions', partition, offset, ordinal: '', sink: '' },
          value,
          timestamp,
        });
        if (documents.length === documentsPerWrite) {
          store.write(documents);
          documents = [];
        }
      }
      // As often as the app lets other work run.
      await new Promise(resolve => setImmediate(resolve));
    }
  }
  store.write(documents);
}
