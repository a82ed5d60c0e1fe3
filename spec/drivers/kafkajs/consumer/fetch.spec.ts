import { fetchRequest } from '../../../../lib/drivers/kafkajs/protocol/fetch.js';

const id = '0123456789abcdef0123456789abcdef';
const options = { maxWaitMs: 1, maxBytes: 2, maxBytesPerPartition: 3, readCommitted: true };
const at = { topic: 't', topicId: id, partition: 4, offset: 5 };
const { request, response } = fetchRequest(
  [{ ...at, leaderEpoch: undefined, lastFetchedEpoch: undefined }],
  options,
);

test('a fetch asks for a topic by its id, never by its name', async () => {
  const parts = [
    '00', // header tags
    'ffffffff' + '00000001' + '00000001' + '00000002' + '01' + '00000000' + 'ffffffff',
    `02${id}02`,
    '00000004' + 'ffffffff' + '0000000000000005' + 'ffffffff' + 'ffffffffffffffff' + '00000003',
    '00' + '00', // tags of partition and topic
    '01' + '01' + '00', // none forgotten, no rack, no tags
  ];
  expect((await request.encode()).buffer.toString('hex')).toBe(parts.join(''));
});

test('an answer by id is one for the topic that was asked for, read past the tags that it may bring', async () => {
  const parts = [
    '00', // header tags
    '00000007' + '0000' + '00000000', // throttle time, error, session
    `02${id}02`,
    '00000004' + '0064' + '0000000000000009' + '0000000000000008' + '0000000000000001',
    '02' + '0000000000000003' + '0000000000000006' + '00', // one aborted transaction
    'ffffffff' + '03abcd',
    '01' + '05' + '02' + 'ffff', // a tagged field that we do not know
    '00' + '00',
  ];
  expect(await response.decode(Buffer.from(parts.join(''), 'hex'))).toEqual({
    clientSideThrottleTime: 7,
    errorCode: 0,
    partitions: [
      {
        topic: 't',
        partition: 4,
        errorCode: 100,
        highWatermark: 9,
        lastStableOffset: 8,
        logStartOffset: 1,
        aborted: [{ producerId: 3n, firstOffset: 6 }],
        records: Buffer.from('abcd', 'hex'),
        diverging: undefined,
      },
    ],
  });
});

test('it names the leader that is known, and of which leader what was read last is', async () => {
  const known = fetchRequest([{ ...at, leaderEpoch: 7, lastFetchedEpoch: 6 }], options);
  const hex = (await known.request.encode()).buffer.toString('hex');
  expect(hex).toContain('00000004' + '00000007' + '0000000000000005' + '00000006' + 'ffffffffffffffff');
});

test('an answer of a log that does not go on from what was read says up to where both may be the same', async () => {
  const tags = '02' + '00' + '0d' + '00000003' + '0000000000000032' + '00' + '05' + '02' + 'ffff';
  const parts = [
    '00' + '00000000' + '0000' + '00000000' + `02${id}02`,
    '00000004' + '0000' + '0000000000000082' + '0000000000000082' + '0000000000000000',
    '01' + 'ffffffff' + '01' + tags + '00' + '00',
  ];
  const { partitions } = await response.decode(Buffer.from(parts.join(''), 'hex'));
  expect(partitions).toMatchObject([{ errorCode: 0, diverging: { epoch: 3, endOffset: 50 } }]);
});
