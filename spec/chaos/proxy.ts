/** A TCP proxy on loopback between the app and one broker, which can be made to behave as bad networks do. */
import { connect, createServer, type Server, type Socket } from 'node:net';

type Mode = 'pass' | 'refuse' | 'black-hole';

interface Pair {
  readonly client: Socket;
  readonly broker: Socket;
}

export class TcpProxy {
  readonly address: string;
  readonly #port: number;
  readonly #pairs = new Set<Pair>();
  #server: Server | undefined;
  #upstream = { host: '127.0.0.1', port: 0 };
  #mode: Mode = 'pass';
  #delayMs = 0;

  constructor(port: number) {
    this.#port = port;
    this.address = `127.0.0.1:${port}`;
  }

  /** @param upstream the broker's listener, `host:port` */
  async open(upstream: string): Promise<void> {
    const [host = '', port = ''] = upstream.split(':');
    this.#upstream = { host, port: Number(port) };
    const server = createServer(client => this.#accept(client));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
  }

  close(): void {
    this.#server?.close();
    this.#end(socket => socket.destroy());
  }

  /** Ends every connection and lets none in, until {@link heal}. */
  cut(): void {
    this.#mode = 'refuse';
    this.#end(socket => socket.destroy());
  }

  /** Ends every connection by RST; new ones are let in. */
  reset(): void {
    this.#end(socket => socket.resetAndDestroy());
  }

  /** Everything that is sent is lost; connections stay open, new ones get no answer either. */
  blackHole(): void {
    this.#mode = 'black-hole';
  }

  /** Every chunk arrives so much later, either way. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  heal(): void {
    // Bytes were lost in the middle of requests: a network that comes back has TCP end such connections.
    if (this.#mode === 'black-hole') this.#end(socket => socket.resetAndDestroy());
    this.#mode = 'pass';
    this.#delayMs = 0;
  }

  #accept(client: Socket): void {
    if (this.#mode === 'refuse') {
      client.resetAndDestroy();
      return;
    }
    const broker = connect(this.#upstream);
    const pair = { client, broker };
    this.#pairs.add(pair);
    this.#forward(client, broker);
    this.#forward(broker, client);
    for (const [one, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => {
        other.destroy();
        this.#pairs.delete(pair);
      });
    }
  }

  #forward(from: Socket, to: Socket): void {
    from.setNoDelay(true);
    from.on('data', chunk => {
      if (this.#mode === 'black-hole') return;
      // Timers of one length fire in the order in which they were set; a shrinking delay is only ever set by `heal`.
      if (this.#delayMs > 0) setTimeout(() => this.#write(from, to, chunk), this.#delayMs);
      else this.#write(from, to, chunk);
    });
  }

  #write(from: Socket, to: Socket, chunk: Buffer): void {
    if (to.destroyed || to.write(chunk)) return;
    from.pause();
    to.once('drain', () => from.resume());
  }

  #end(end: (socket: Socket) => void): void {
    for (const { client, broker } of this.#pairs) {
      end(client);
      end(broker);
    }
    this.#pairs.clear();
  }
}
