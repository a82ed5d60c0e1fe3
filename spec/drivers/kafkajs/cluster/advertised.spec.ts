import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { systemClock } from '../../../../lib/base/clock.js';
import { reachAdvertised } from '../../../../lib/drivers/kafkajs/cluster/advertised.js';

const bounds = { clock: systemClock, bootstrap: ['door:9092'], timeoutMs: 2_000 };

async function listening(): Promise<{ readonly address: string; close(): void }> {
  const server = createServer(socket => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { address: `127.0.0.1:${port}`, close: () => server.close() };
}

test('one advertised address that answers suffices; without any, all are named with what to set', async () => {
  const [there, gone] = [await listening(), await listening()];
  gone.close();
  await reachAdvertised([gone.address, there.address], bounds);
  there.close();
  await expect(reachAdvertised([gone.address, there.address], bounds)).rejects.toMatchObject({
    code: 'UNREACHABLE',
    retriable: true,
    message: expect.stringContaining(`door:9092 and sends its clients to ${gone.address}, ${there.address}`),
    remedy: expect.stringContaining('advertised.listeners'),
  });
});
