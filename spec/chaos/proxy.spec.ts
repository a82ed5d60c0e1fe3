import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, Socket } from 'node:net';
import { TcpProxy } from './proxy.js';

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

test('chunks that are late at whoever does not read come all, and wait for him by one listener', async () => {
  const [chunks, bytes] = [256, 64 * 1024];
  const upstream = createServer(socket => {
    for (let i = 0; i < chunks; i++) socket.write(Buffer.alloc(bytes, i));
  });
  const free = createServer();
  const port = await listening(free);
  free.close();
  let most = 0;
  const { once: add } = Socket.prototype;
  const counted = jest.spyOn(Socket.prototype, 'once').mockImplementation(function (this: Socket, ...of) {
    add.apply(this, of);
    most = Math.max(most, this.listenerCount('drain'));
    return this;
  });
  const proxy = new TcpProxy(port);
  await proxy.open(`127.0.0.1:${await listening(upstream)}`);
  proxy.delay(100);
  const client = connect(port, '127.0.0.1');
  client.pause();
  await new Promise(resolve => setTimeout(resolve, 500));
  let received = 0;
  client.on('data', chunk => {
    received += chunk.length;
    if (received === chunks * bytes) client.destroy();
  });
  client.resume();
  await once(client, 'close');
  counted.mockRestore();
  proxy.close();
  upstream.close();
  expect([received, most]).toEqual([chunks * bytes, 1]);
});
