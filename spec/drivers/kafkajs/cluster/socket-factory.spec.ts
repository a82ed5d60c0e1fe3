import { type AddressInfo, createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { socketFactory } from '../../../../lib/drivers/kafkajs/cluster/socket-factory.js';

/** More than one write takes: 1,024 buffers. */
const parts = Array.from({ length: 1500 }, () => Buffer.alloc(20));
const requestBytes = parts.reduce((sum, part) => sum + part.length, 0);
const rounds = 20;

test('a request of many parts is there at once, and not after a delayed acknowledgement of its first ones', async () => {
  const server = createServer(peer => {
    let bytes = 0;
    peer.on('data', chunk => {
      bytes += chunk.length;
      if (bytes % requestBytes === 0) peer.write('answer');
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // of a server that listens on a port
  let connected: () => void = () => {};
  const ready = new Promise<void>(resolve => {
    connected = resolve;
  });
  const socket = socketFactory(false)({ host: '127.0.0.1', port, ssl: {}, onConnect: connected });
  await ready;
  const tookMs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const from = performance.now();
    const answered = new Promise(resolve => socket.once('data', resolve));
    socket.cork();
    for (const part of parts) socket.write(part);
    socket.uncork();
    await answered;
    tookMs.push(performance.now() - from);
  }
  socket.destroy();
  server.close();
  tookMs.sort((a, b) => a - b);
  // 40 ms and more with Nagle's algorithm, below one without; the machine may be busy.
  expect(tookMs[rounds / 2]).toBeLessThan(25);
});

test.each([{}, { servername: undefined }, true] as const)(
  'a broker is asked for by its name in TLS where the options name none: %j',
  async ssl => {
    let asked: (name: string) => void = () => {};
    const name = new Promise<string>(resolve => {
      asked = resolve;
    });
    // The name comes first; without a certificate it goes no further.
    const server = createTlsServer({
      SNICallback: (servername, done) => {
        asked(servername);
        done(new Error('no certificate'));
      },
    });
    server.on('tlsClientError', () => {});
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo; // of a server that listens on a port
    const socket = socketFactory(ssl)({ host: 'localhost', port, ssl: {}, onConnect: () => {} });
    socket.on('error', () => asked('no name'));
    try {
      expect(await name).toBe('localhost');
    } finally {
      socket.destroy();
      server.close();
    }
  },
);
