import { ByteReader } from '../../../lib/drivers/kafkajs/protocol/byte-reader.js';
import { ByteWriter } from '../../../lib/drivers/kafkajs/protocol/byte-writer.js';
import { offsetCommitRequest } from '../../../lib/drivers/kafkajs/protocol/offset-commit.js';
import { offsetFetchRequest } from '../../../lib/drivers/kafkajs/protocol/offset-fetch.js';

const member = { groupId: 'g', groupGenerationId: 7, memberId: 'm' };
const offsets = [
  { topic: 'a', partition: 1, epoch: 1, offset: 2 ** 40, metadata: 'x y', leaderEpoch: 3 },
  { topic: 'b', partition: 0, epoch: 1, offset: 0 },
  { topic: 'a', partition: 2, epoch: 1, offset: 5, metadata: '' },
];

test('OffsetCommit is kafkajs’s with the leader epoch of each offset, -1 where it is not known', async () => {
  const reader = new ByteReader((await offsetCommitRequest(member, offsets).request.encode()).buffer);
  expect([reader.string(), reader.int32(), reader.string()]).toEqual(['g', 7, 'm']);
  const topics = reader.array(() => [
    reader.string(),
    reader.array(() => [reader.int32(), reader.int64(), reader.int32(), reader.string()]),
  ]);
  expect([topics, reader.left]).toEqual([
    [
      [
        'a',
        [
          [1, 2 ** 40, 3, 'x y'],
          [2, 5, -1, ''],
        ],
      ],
      ['b', [[0, 0, -1, null]]],
    ],
    0,
  ]);
});

test('OffsetCommit and OffsetFetch reject with the first error of a partition, as kafkajs’s do', async () => {
  const commit = offsetCommitRequest(member, offsets).response;
  const answer = (code: number) =>
    new ByteWriter().int32(9).int32(1).string('a').int32(2).int32(1).int16(0).int32(2).int16(code).buffer;
  expect(await commit.parse(await commit.decode(answer(0)))).toMatchObject({ clientSideThrottleTime: 9 });
  const refused = commit.decode(answer(22)).then(data => commit.parse(data));
  await expect(refused).rejects.toMatchObject({ type: 'ILLEGAL_GENERATION', code: 22 });
  const fetch = offsetFetchRequest('g', undefined, true).response;
  const whole = fetch.decode(new ByteWriter().noTags().int32(0).unsignedVarint(1).int16(16).noTags().buffer);
  await expect(whole.then(data => fetch.parse(data))).rejects.toMatchObject({
    type: 'NOT_COORDINATOR_FOR_GROUP',
  });
});

const asked = [
  { topic: 'a', partition: 1 },
  { topic: 'b', partition: 0 },
  { topic: 'a', partition: 2 },
];

test('OffsetFetch asks for what is stable, or for what there is, of these partitions or of all', async () => {
  const hex = async (...args: Parameters<typeof offsetFetchRequest>) =>
    (await offsetFetchRequest(...args).request.encode()).buffer.toString('hex');
  const header = '00' + '0267'; // tags of the header, the group
  const topics = '03' + '0261' + '03' + '00000001' + '00000002' + '00' + '0262' + '02' + '00000000' + '00';
  expect(await hex('g', asked, true)).toBe(`${header}${topics}0100`);
  expect(await hex('g', asked, false)).toBe(`${header}${topics}0000`);
  expect(await hex('g', undefined, true)).toBe(`${header}000100`);
});

test('OffsetFetch gives leader epochs, and tells what is undecided from what is an error', async () => {
  const { response } = offsetFetchRequest('g', asked, true);
  const answer = (code: number) => {
    const body = new ByteWriter().noTags().int32(5).unsignedVarint(2).compactString('a').unsignedVarint(4);
    body.int32(1).int64(7).int32(3).compactString('x').int16(0).noTags();
    body.int32(2).int64(-1).int32(-1).compactString(null).int16(88).noTags();
    body.int32(3).int64(-1).int32(-1).compactString('').int16(code).noTags();
    return body.noTags().int16(0).noTags().buffer;
  };
  const nothing = { topic: 'a', offset: -1, leaderEpoch: undefined, metadata: '' };
  expect(await response.parse(await response.decode(answer(0)))).toEqual({
    clientSideThrottleTime: 5,
    errorCodes: [0, 0, 0],
    committed: [
      { topic: 'a', partition: 1, offset: 7, leaderEpoch: 3, metadata: 'x', undecided: false },
      { ...nothing, partition: 2, undecided: true },
      { ...nothing, partition: 3, undecided: false },
    ],
  });
  const refused = response.decode(answer(29)).then(data => response.parse(data));
  await expect(refused).rejects.toMatchObject({ type: 'TOPIC_AUTHORIZATION_FAILED' });
});
