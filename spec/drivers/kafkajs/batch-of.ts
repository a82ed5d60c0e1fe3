import { RecordBatchBuilder } from '../../../lib/drivers/kafkajs/protocol/record-batch-builder.js';

/** What a broker sends of so many records from an offset on; nothing where there are none. */
export async function batchOf(records: number, offset: number): Promise<Buffer> {
  if (records === 0) return Buffer.alloc(0);
  const builder = new RecordBatchBuilder(Buffer.alloc(64));
  for (let i = 0; i < records; i++) builder.append(null, Buffer.from('v'), [], 5, 100);
  const batch = await builder.seal(undefined);
  batch.writeBigInt64BE(BigInt(offset));
  return batch;
}
