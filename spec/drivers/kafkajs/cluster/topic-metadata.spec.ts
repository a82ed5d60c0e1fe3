import { topicMetadataRequest } from '../../../../lib/drivers/kafkajs/protocol/topic-metadata.js';

const hex = async (names: readonly string[] | undefined): Promise<string> =>
  (await topicMetadataRequest(names).request.encode()).buffer.toString('hex');

test('a flexible request begins with the tag section of its header; no name means all topics', async () => {
  expect(await hex(undefined)).toBe('00' + '00' + '00' + '00' + '00');
  expect(await hex([])).toBe('00' + '01' + '00' + '00' + '00');
  expect(await hex(['ab'])).toBe(`${'00'}${'02'}${'00'.repeat(16)}${'036162'}${'00'}${'00'}${'00'}${'00'}`);
});

test('a response is read past the tags that it may bring', async () => {
  const id = '0123456789abcdef0123456789abcdef';
  const parts = [
    '00', // header tags
    '00000007', // throttle time
    '02' + '00000001' + '0261' + '00002384' + '00' + '00', // one broker without a rack
    '0478797a', // cluster id xyz
    '00000001',
    '02', // one topic
    `00000274${id}01`,
    '02' + '0000' + '00000000' + '00000001' + '00000005' + '0200000001' + '0200000001' + '01' + '00',
    '80000000', // authorized operations, not asked for
    '01' + '05' + '02' + 'ffff', // a tagged field that we do not know
    '00',
  ];
  const response = await topicMetadataRequest(['t']).response.decode(Buffer.from(parts.join(''), 'hex'));
  expect(response).toEqual({
    clientSideThrottleTime: 7,
    clusterId: 'xyz',
    brokers: ['a:9092'],
    topics: [{ errorCode: 0, name: 't', id, internal: true, partitions: 1, leaderEpochs: [5], leaders: [1] }],
  });
});
