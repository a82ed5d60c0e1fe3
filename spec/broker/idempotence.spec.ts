/** The kafkajs driver's producer over a line that breaks all the time: each record is written once, in order. */
import { delay, systemClock } from '../../lib/base/clock.js';
import { kafkajs } from '../../lib/drivers/kafkajs/index.js';
import { noHeaders } from '../../lib/record/headers.js';
import { TcpProxy } from '../chaos/proxy.js';
import { quietContext } from '../drivers/quiet-context.js';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { freePorts } from '../kafka/ports.js';
import { missingPrerequisites } from '../kafka/provision.js';
import { bytesOf } from './topic-bytes.js';

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`Idempotence is not tested. ${missing}\n`);

const context = quietContext('idempotence');

(missing === undefined ? describe : describe.skip)('the idempotent producer', () => {
  let cluster: KafkaCluster;
  let proxy: TcpProxy;

  beforeAll(async () => {
    const [port = 0] = await freePorts(1);
    proxy = new TcpProxy(port);
    cluster = await startCluster({ listeners: [{ name: 'PROXIED', advertised: [proxy.address] }] });
    await proxy.open(cluster.nodes[0]?.addresses.extra['PROXIED'] ?? '');
  });

  afterAll(async () => {
    proxy.close();
    await cluster.stop();
  });

  test('whose answers are lost writes each record once and in order', async () => {
    const direct = await kafkajs({ brokers: cluster.brokers }).connect(context);
    await direct.admin.createTopics([{ name: 'once', partitions: 1 }]);
    const connection = await kafkajs({ brokers: [proxy.address] }).connect(context);
    const producer = connection.producer({ maxRecordBytes: 1_000_000, deliveryTimeoutMs: 60_000 });
    await producer.prepare(['once']);
    let acknowledged = 0;
    let cuts = 0;
    const output = producer.output(
      { topic: 'once', partition: 0 },
      {
        acknowledged: count => {
          acknowledged += count;
        },
        refused: (_count, error) => {
          throw error;
        },
      },
    );
    const until = performance.now() + 8_000;
    let sent = 0;
    for (; performance.now() < until; sent += 50) {
      for (let i = 0; i < 50; i++) output.append(null, Buffer.from(String(sent + i)), noHeaders, 1);
      // Now and then the line breaks while an answer is on its way.
      await new Promise(setImmediate);
      if (sent % 2_500 === 0 && producer.bufferedBytes > 0) {
        await delay(systemClock, cuts % 4);
        proxy.reset();
        cuts++;
      }
      await delay(systemClock, 2);
    }
    await producer.flush();
    expect(acknowledged).toBe(sent);
    expect(cuts).toBeGreaterThan(3);
    const written = (await bytesOf(direct, 'once')).toString().trimEnd().split('\n');
    expect(written).toEqual(Array.from({ length: sent }, (_, i) => String(i)));
    await connection.close();
    await direct.close();
  });
});
