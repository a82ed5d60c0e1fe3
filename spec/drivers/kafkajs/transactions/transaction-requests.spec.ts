import { createRequire } from 'node:module';
import fc from 'fast-check';
import { addOffsetsToTxnRequest } from '../../../../lib/drivers/kafkajs/protocol/add-offsets-to-txn.js';
import { addPartitionsToTxnRequest } from '../../../../lib/drivers/kafkajs/protocol/add-partitions-to-txn.js';
import { ByteReader } from '../../../../lib/drivers/kafkajs/protocol/byte-reader.js';
import { ByteWriter } from '../../../../lib/drivers/kafkajs/protocol/byte-writer.js';
import { endTxnRequest } from '../../../../lib/drivers/kafkajs/protocol/end-txn.js';
import { initTransactionalIdRequest } from '../../../../lib/drivers/kafkajs/protocol/init-producer-id.js';
import { produceRequest } from '../../../../lib/drivers/kafkajs/protocol/produce.js';
import { RecordBatchBuilder } from '../../../../lib/drivers/kafkajs/protocol/record-batch-builder.js';
import { txnOffsetCommitRequest } from '../../../../lib/drivers/kafkajs/protocol/txn-offset-commit.js';

const require = createRequire(`${process.cwd()}/package.json`);

type KafkajsRequest = (fields: object) => { encode(): Promise<{ readonly buffer: Buffer }> };
/** kafkajs's own, of an older version whose fields are the same. */
const kafkajs = (name: string, version: number): KafkajsRequest =>
  require(`kafkajs/src/protocol/requests/${name}/v${version}/request`);

async function encoded(request: KafkajsRequest, fields: object): Promise<string> {
  return (await request(fields).encode()).buffer.toString('hex');
}

const bytesOf = ({ parts }: { readonly parts: readonly Buffer[] }): string =>
  Buffer.concat([...parts]).toString('hex');

const text = fc.string({ minLength: 1, maxLength: 40, unit: 'binary' });
const identities = fc.record({
  id: fc.bigInt(0n, 2n ** 62n),
  epoch: fc.integer({ min: 0, max: 2 ** 15 - 1 }),
});

test('AddOffsetsToTxn and EndTxn are written as kafkajs writes them', async () => {
  await fc.assert(
    fc.asyncProperty(
      text,
      identities,
      text,
      fc.boolean(),
      async (transactionalId, identity, groupId, commits) => {
        const fields = { transactionalId, producerId: String(identity.id), producerEpoch: identity.epoch };
        expect(bytesOf(addOffsetsToTxnRequest(transactionalId, identity, groupId))).toBe(
          await encoded(kafkajs('addOffsetsToTxn', 1), { ...fields, groupId }),
        );
        expect(bytesOf(endTxnRequest(transactionalId, identity, commits ? 'commit' : 'abort'))).toBe(
          await encoded(kafkajs('endTxn', 1), { ...fields, transactionResult: commits }),
        );
      },
    ),
  );
});

test('AddPartitionsToTxn is written as kafkajs writes it, and each partition’s answer is told', async () => {
  const identity = { id: 77n, epoch: 3 };
  const partitions = [
    { topic: 'a', partition: 1 },
    { topic: 'b', partition: 0 },
    { topic: 'a', partition: 2 },
  ];
  const request = addPartitionsToTxnRequest('id', identity, partitions);
  expect(bytesOf(request)).toBe(
    await encoded(kafkajs('addPartitionsToTxn', 1), {
      ...{ transactionalId: 'id', producerId: '77', producerEpoch: 3 },
      topics: [
        { topic: 'a', partitions: [1, 2] },
        { topic: 'b', partitions: [0] },
      ],
    }),
  );
  const answer = new ByteWriter().int32(9).int32(1).string('a').int32(2);
  answer.int32(1).int16(0).int32(2).int16(55);
  expect(request.decode(answer.buffer)).toEqual({
    clientSideThrottleTime: 9,
    results: [
      { topic: 'a', partition: 1, errorCode: 0 },
      { topic: 'a', partition: 2, errorCode: 55 },
    ],
  });
});

test('TxnOffsetCommit names generation and member, and each partition’s answer is told', async () => {
  await fc.assert(
    fc.property(
      text,
      identities,
      text,
      fc.nat(2 ** 31 - 1),
      (transactionalId, identity, memberId, generation) => {
        const offsets = [
          { topic: 'in', partition: 4, epoch: 1, offset: 2 ** 40, metadata: 'm', leaderEpoch: 3 },
          { topic: 'in', partition: 5, epoch: 1, offset: 0 },
        ];
        const member = { groupId: 'g', memberId, groupGenerationId: generation };
        const { parts } = txnOffsetCommitRequest(transactionalId, identity, member, offsets);
        const reader = new ByteReader(Buffer.concat([...parts]));
        reader.skipTags();
        expect([reader.compactString(), reader.compactString(), reader.id64(), reader.int16()]).toEqual([
          ...[transactionalId, 'g', identity.id, identity.epoch],
        ]);
        expect([reader.int32(), reader.compactString(), reader.compactString()]).toEqual([
          ...[generation, memberId, null],
        ]);
        const topics = reader.compactArray(() => {
          const topic = reader.compactString();
          const ofTopic = reader.compactArray(() => {
            const fields = [reader.int32(), reader.int64(), reader.int32(), reader.compactString()];
            reader.skipTags();
            return fields;
          });
          reader.skipTags();
          return [topic, ofTopic];
        });
        reader.skipTags();
        expect([topics, reader.left]).toEqual([
          [
            [
              'in',
              [
                [4, 2 ** 40, 3, 'm'],
                [5, 0, -1, ''],
              ],
            ],
          ],
          0,
        ]);
      },
    ),
  );
  const answer = new ByteWriter().noTags().int32(0).unsignedVarint(2).compactString('in').unsignedVarint(2);
  answer.int32(4).int16(22).noTags().noTags().noTags();
  const request = txnOffsetCommitRequest(
    't',
    { id: 1n, epoch: 0 },
    { groupId: 'g', memberId: 'm', groupGenerationId: 1 },
    [],
  );
  expect(request.decode(answer.buffer).results).toEqual([{ topic: 'in', partition: 4, errorCode: 22 }]);
});

test('InitProducerId opens without an identity and renews with the one that there is', () => {
  const of = (current: { readonly id: bigint; readonly epoch: number } | undefined) => {
    const { parts } = initTransactionalIdRequest({ transactionalId: 'id', timeoutMs: 60_000, current });
    const reader = new ByteReader(Buffer.concat([...parts]));
    reader.skipTags();
    return [reader.compactString(), reader.int32(), reader.id64(), reader.int16()];
  };
  expect([of(undefined), of({ id: 7n, epoch: 2 })]).toEqual([
    ['id', 60_000, -1n, -1],
    ['id', 60_000, 7n, 2],
  ]);
  const answer = new ByteWriter()
    .noTags()
    .int32(1)
    .int16(0)
    .id64(2n ** 40n)
    .int16(5)
    .noTags();
  const request = initTransactionalIdRequest({ transactionalId: 'id', timeoutMs: 1, current: undefined });
  expect(request.decode(answer.buffer)).toEqual({
    clientSideThrottleTime: 1,
    errorCode: 0,
    identity: { id: 2n ** 40n, epoch: 5, transactional: true },
  });
});

test('a batch says that it belongs to a transaction, beside its compression; and the request names whose', async () => {
  const attributesOf = async (transactional: boolean, id: number) => {
    const batch = new RecordBatchBuilder(Buffer.alloc(64));
    batch.append(null, Buffer.from('v'), [], 1, 50);
    batch.number({ producer: { id: 1n, epoch: 0, transactional }, sequence: 0 });
    const bytes = await batch.seal(id === 0 ? undefined : { id, compress: async records => records });
    return bytes.readInt16BE(21);
  };
  expect([await attributesOf(false, 0), await attributesOf(true, 0), await attributesOf(true, 4)]).toEqual([
    ...[0, 0x10, 0x14],
  ]);
  const partition = { topic: 't', partition: 0, batch: Buffer.alloc(1) };
  const named = (transactionalId?: string) =>
    new ByteReader(Buffer.concat([...produceRequest([partition], 1, transactionalId).parts])).string();
  expect([named(), named('id')]).toEqual([null, 'id']);
});
