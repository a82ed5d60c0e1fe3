import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Health, type Metrics, promMetrics } from 'kafka-rx';
import * as client from 'prom-client';

export interface MetricsEndpoint {
  readonly metrics: Metrics;
  readonly url: string;
  close(): Promise<void>;
}

/** Prometheus text under `/metrics`, and the app's health under `/ready` and `/live`, on the loopback interface. */
export async function openMetricsEndpoint(port: number, health: () => Health): Promise<MetricsEndpoint> {
  const registry = new client.Registry();
  const server = createServer((request, response) => {
    void answer(request.url ?? '/').then(({ status, type, body }) => {
      response.writeHead(status, { 'content-type': type }).end(body);
    });
  });

  async function answer(url: string): Promise<{ status: number; type: string; body: string }> {
    if (url === '/metrics')
      return { status: 200, type: registry.contentType, body: await registry.metrics() };
    const { ready, live, reasons } = health();
    const body = `${JSON.stringify({ ready, live, reasons })}\n`;
    if (url === '/ready') return { status: ready ? 200 : 503, type: 'application/json', body };
    if (url === '/live') return { status: live ? 200 : 503, type: 'application/json', body };
    return { status: 404, type: 'text/plain', body: 'There is /metrics, /ready and /live\n' };
  }

  await listening(server, port);
  // A TCP server's address is an object.
  const address = server.address() as AddressInfo;
  return {
    metrics: promMetrics(client, registry),
    url: `http://127.0.0.1:${address.port}/metrics`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', () =>
      reject(new Error(`Cannot listen on 127.0.0.1:${port}; choose another --metrics-port`)),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
}

/** Measures with both. */
export function both(one: Metrics, other: Metrics): Metrics {
  return {
    counter(...definition) {
      const counters = [one.counter(...definition), other.counter(...definition)];
      return { add: (amount, labels) => counters.forEach(counter => void counter.add(amount, labels)) };
    },
    gauge(...definition) {
      one.gauge(...definition);
      other.gauge(...definition);
    },
    histogram(...definition) {
      const histograms = [one.histogram(...definition), other.histogram(...definition)];
      return {
        observe: (value, labels) => histograms.forEach(histogram => void histogram.observe(value, labels)),
      };
    },
  };
}
