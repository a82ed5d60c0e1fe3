import { createRequire } from 'node:module';
import { ByteReader } from '../../../lib/drivers/kafkajs/protocol/byte-reader.js';
import { ByteWriter } from '../../../lib/drivers/kafkajs/protocol/byte-writer.js';
import { offsetCommitRequest } from '../../../lib/drivers/kafkajs/protocol/offset-commit.js';
import { offsetFetchRequest } from '../../../lib/drivers/kafkajs/protocol/offset-fetch.js';

const require = createRequire(`${process.cwd()}/package.json`);
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
  const fetch = offsetFetchRequest('g', undefined).response;
  const whole = fetch.decode(new ByteWriter().int32(0).int32(0).int16(16).buffer);
  await expect(whole.then(data => fetch.parse(data))).rejects.toMatchObject({
    type: 'NOT_COORDINATOR_FOR_GROUP',
  });
});

test('OffsetFetch asks as kafkajs does, or for all there is, and gives leader epochs', async () => {
  const { request, response } = offsetFetchRequest('g', [
    { topic: 'a', partition: 1 },
    { topic: 'b', partition: 0 },
  ]);
  const own = require('kafkajs/src/protocol/requests/offsetFetch/v4/request')({
    groupId: 'g',
    topics: [
      { topic: 'a', partitions: [{ partition: 1 }] },
      { topic: 'b', partitions: [{ partition: 0 }] },
    ],
  });
  expect((await request.encode()).buffer).toEqual((await own.encode()).buffer);
  const all = await offsetFetchRequest('g', undefined).request.encode();
  expect(all.buffer.toString('hex')).toBe('000167' + 'ffffffff');
  const answer = new ByteWriter().int32(0).int32(1).string('a').int32(2);
  answer.int32(1).int64(7).int32(3).string('x').int16(0);
  answer.int32(2).int64(-1).int32(-1).string(null).int16(0).int16(0);
  expect((await response.decode(answer.buffer)).committed).toEqual([
    { topic: 'a', partition: 1, offset: 7, leaderEpoch: 3, metadata: 'x' },
    { topic: 'a', partition: 2, offset: -1, leaderEpoch: undefined, metadata: '' },
  ]);
});
