import { fetchRequest } from '../../../../lib/drivers/kafkajs/protocol/fetch.js';

const id = '0123456789abcdef0123456789abcdef';
const options = { maxWaitMs: 1, maxBytes: 2, maxBytesPerPartition: 3, readCommitted: true };
const { request, response } = fetchRequest([{ topic: 't', topicId: id, partition: 4, offset: 5 }], options);

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
      },
    ],
  });
});
