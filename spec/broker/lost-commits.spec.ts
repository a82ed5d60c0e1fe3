/** A unit of work whose EndTxn the coordinator hears, and whose answer is lost: on a real Kafka, through a proxy. */
import { systemClock } from '../../lib/base/clock.js';
import { kafkajs } from '../../lib/drivers/kafkajs/index.js';
import type { DriverConnection, DriverEvent } from '../../lib/drivers/port.js';
import { silentLogger } from '../../lib/logging/logger.js';
import { noHeaders } from '../../lib/record/headers.js';
import { TcpProxy } from '../chaos/proxy.js';
import { PortCalls } from '../contract/contract-client.js';
import { RecordingListener } from '../contract/recording-listener.js';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { freePorts } from '../kafka/ports.js';
import { missingPrerequisites } from '../kafka/provision.js';
import { bytesOf } from './topic-bytes.js';
import { until } from './until.js';

const endTxn = 26;
const addOffsetsToTxn = 25;
const unitOptions = { maxRecordBytes: 1_000, deliveryTimeoutMs: 60_000, transactionTimeoutMs: 20_000 };
const missing = missingPrerequisites();

(missing === undefined ? describe : describe.skip)('a unit of work whose coordinator is not heard', () => {
  let cluster: KafkaCluster;
  let proxy: TcpProxy;
  let proxied: DriverConnection;
  let direct: DriverConnection;
  const events: DriverEvent[] = [];

  beforeAll(async () => {
    const [port = 0] = await freePorts(1);
    proxy = new TcpProxy(port);
    cluster = await startCluster({ listeners: [{ name: 'PROXIED', advertised: [proxy.address] }] });
    await proxy.open(cluster.nodes[0]?.addresses.extra['PROXIED'] ?? '');
    const context = { clientId: 'test', clock: systemClock, logger: silentLogger };
    direct = await kafkajs({ brokers: cluster.brokers }).connect({ ...context, event: () => {} });
    proxied = await kafkajs({ brokers: [proxy.address] }).connect({
      ...context,
      event: event => void events.push(event),
    });
  }, 120_000);

  afterAll(async () => {
    await proxied?.close();
    await direct?.close();
    proxy?.close();
    await cluster?.stop();
  }, 60_000);

  async function opened(name: string) {
    events.length = 0;
    await direct.admin.createTopics([`${name}-in`, name].map(topic => ({ name: topic, partitions: 1 })));
    const seen = new RecordingListener(new PortCalls(), () => true);
    const at = { topic: `${name}-in`, partition: 0 };
    const consumer = proxied.consumer(
      {
        ...{
          groupId: name,
          topics: [at.topic],
          startFrom: 'earliest',
          coPartitioned: [],
          readCommitted: true,
        },
        ...{ sessionTimeoutMs: 40_000, rebalanceTimeoutMs: 5_000 },
      },
      seen,
    );
    await consumer.start();
    const open = async () => {
      const unit = await proxied.unitOfWork?.('0', name, unitOptions);
      if (unit === undefined) throw new Error('the fast path has units of work');
      await unit.prepare([name]);
      const output = unit.output(
        { topic: name, partition: 0 },
        { acknowledged: () => {}, refused: () => {} },
      );
      const begin = async (value: string) => {
        unit.begin();
        output.append(null, Buffer.from(value), noHeaders, 1);
        await unit.flush();
      };
      const commit = (offset: number) => unit.commit([{ ...at, epoch: seen.epoch(at), offset }]);
      return { unit, begin, commit };
    };
    const committed = async () => (await direct.admin.committed(name, at.topic))[0];
    const values = async () => (await bytesOf(direct, name)).toString().split('\n').slice(0, -1);
    const retried = (what: string) =>
      events.some(event => event.type === 'retrying' && event.what.startsWith(what));
    return { ...(await open()), open, committed, values, retried, stop: () => consumer.stop() };
  }

  test('is committed once: EndTxn is asked again and confirmed, and the next unit is another epoch’s', async () => {
    const { begin, commit, committed, values, retried, stop } = await opened('confirmed');
    await begin('a');
    proxy.loseAnswersTo(endTxn);
    const ending = commit(1);
    await until('the second question', () => retried('EndTxn of confirmed/0'));
    proxy.heal();
    await ending;
    for (const [i, value] of ['b', 'c'].entries()) {
      await begin(value);
      await commit(2 + i);
    }
    await until('the offset', async () => (await committed()) === 3);
    expect(await values()).toEqual(['a', 'b', 'c']);
    await stop();
  }, 60_000);

  test('is told as COMMIT_UNKNOWN where nobody answers, and whoever opens it anew finds what became of it', async () => {
    const { unit, open, begin, commit, committed, values, stop } = await opened('unknown');
    await begin('a');
    proxy.loseAnswersTo(endTxn);
    const unknown = { code: 'COMMIT_UNKNOWN', retriable: true };
    await expect(commit(1)).rejects.toMatchObject(unknown);
    expect(unit.failure).toMatchObject(unknown);
    proxy.heal();
    const anew = await open();
    // It was committed: nothing of it is to be done again.
    await until('the offset', async () => (await committed()) === 1);
    await anew.begin('b');
    await anew.commit(2);
    await until('the offset', async () => (await committed()) === 2);
    expect(await values()).toEqual(['a', 'b']);
    await stop();
  }, 60_000);

  test('has committed nothing where that was lost before its end, which names the request', async () => {
    const { open, begin, commit, committed, values, stop } = await opened('nothing');
    await begin('a');
    proxy.loseAnswersTo(addOffsetsToTxn);
    await expect(commit(1)).rejects.toMatchObject({
      ...{ code: 'COMMIT_FAILED', retriable: true },
      message: expect.stringContaining('AddOffsetsToTxn'),
    });
    proxy.heal();
    const anew = await open();
    await anew.begin('b');
    await anew.commit(1);
    await until('the offset', async () => (await committed()) === 1);
    expect(await values()).toEqual(['b']);
    await stop();
  }, 60_000);
});
