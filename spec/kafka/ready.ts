/** Asks a node who it is, by a client that has nothing to do with how it was started. */
import kafkajs from 'kafkajs';
import { HarnessError } from './harness-error.js';

export interface Answer {
  readonly clusterId: string;
  /** The nodes that this one knows to be alive. */
  readonly nodeIds: readonly number[];
}

/** Undefined if it does not answer as a Kafka node within about 2 s. */
export async function describe(address: string): Promise<Answer | undefined> {
  const client = new kafkajs.Kafka({
    brokers: [address],
    connectionTimeout: 1_000,
    requestTimeout: 2_000,
    retry: { retries: 0 },
    logLevel: kafkajs.logLevel.NOTHING,
  });
  const admin = client.admin();
  try {
    await admin.connect();
    const { clusterId, brokers } = await admin.describeCluster();
    return { clusterId, nodeIds: brokers.map(broker => broker.nodeId) };
  } catch {
    return undefined;
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

export function foreign(address: string, found: string, expected: string): HarnessError {
  const message = `${address} answers as cluster ${found}, not as ours (${expected}): another Kafka listens there; choose another port.`;
  return new HarnessError('foreign', message);
}
