/**
 * Free ports on the loopback interface.
 *
 * They are taken from 20000 to 31999, below the range from which the kernel picks the local ports of outgoing
 * connections. `listen(0)` would answer from inside it, and while a killed node is down, a client's reconnect
 * could be given the node's port as its own local port: the restarted node then cannot bind, or the client talks to
 * itself (a TCP self-connect) and believes that the node is up.
 */
import { createServer } from 'node:net';
import { HarnessError } from './harness-error.js';

const host = '127.0.0.1';
const lowest = 20_000;
const count = 12_000;

/** Handed out before by this process: a port stays free in the kernel's eyes until its node, seconds later, binds it. */
const handedOut = new Set<number>();

/** Whether a server could listen on this port of 127.0.0.1 now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** `wanted` different ports that are free now. Another process can still take one before you bind it. */
export async function freePorts(wanted: number): Promise<number[]> {
  const ports: number[] = [];
  for (let attempt = 0; ports.length < wanted; attempt++) {
    if (attempt === count) {
      throw new HarnessError(
        'port',
        `No ${wanted} free ports on ${host} between ${lowest} and ${lowest + count - 1}.`,
      );
    }
    const port = lowest + Math.floor(Math.random() * count);
    if (handedOut.has(port) || !(await isFree(port))) continue;
    handedOut.add(port);
    ports.push(port);
  }
  return ports;
}
