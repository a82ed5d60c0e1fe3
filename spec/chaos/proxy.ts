/** A TCP proxy on loopback between the app and one broker, which can be made to behave as bad networks do. */
import { connect, createServer, type Server, type Socket } from 'node:net';

type Mode = 'pass' | 'refuse' | 'black-hole';

interface Pair {
  readonly client: Socket;
  readonly broker: Socket;
  /** Whether nothing that the broker says arrives. */
  unheard: boolean;
}

/** In a request, behind its length: what it is. */
const apiKeyAt = 4;

export class TcpProxy {
  readonly address: string;
  readonly #port: number;
  readonly #pairs = new Set<Pair>();
  #server: Server | undefined;
  #upstream = { host: '127.0.0.1', port: 0 };
  #mode: Mode = 'pass';
  #delayMs = 0;
  #unheard: number | undefined;

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

  /**
   * Requests of this kind arrive, and nothing that is answered on their connection from then on does, until {@link heal}. Of clients that
   * send a request in one piece, as kafkajs does.
   *
   * @param apiKey as in https://kafka.apache.org/protocol#protocol_api_keys
   */
  loseAnswersTo(apiKey: number): void {
    this.#unheard = apiKey;
  }

  /** Every chunk arrives so much later, either way. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  heal(): void {
    // Bytes were lost in the middle of requests: a network that comes back has TCP end such connections.
    if (this.#mode === 'black-hole' || this.#unheard !== undefined)
      this.#end(socket => socket.resetAndDestroy());
    this.#mode = 'pass';
    this.#delayMs = 0;
    this.#unheard = undefined;
  }

  #accept(client: Socket): void {
    if (this.#mode === 'refuse') {
      client.resetAndDestroy();
      return;
    }
    const broker = connect(this.#upstream);
    const pair = { client, broker, unheard: false };
    this.#pairs.add(pair);
    client.on('data', chunk => {
      if (chunk.length > apiKeyAt + 1 && chunk.readInt16BE(apiKeyAt) === this.#unheard) pair.unheard = true;
    });
    this.#forward(client, broker, () => false);
    this.#forward(broker, client, () => pair.unheard);
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

  #forward(from: Socket, to: Socket, isLost: () => boolean): void {
    from.setNoDelay(true);
    from.on('data', chunk => {
      if (this.#mode === 'black-hole' || isLost()) return;
      // Timers of one length fire in the order in which they were set; a shrinking delay is only ever set by `heal`.
      if (this.#delayMs > 0) setTimeout(() => this.#write(from, to, chunk), this.#delayMs);
      else this.#write(from, to, chunk);
    });
  }

  #write(from: Socket, to: Socket, chunk: Buffer): void {
    // Chunks that were delayed come also while it is paused: one waits for the others.
    if (to.destroyed || to.write(chunk) || from.isPaused()) return;
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
