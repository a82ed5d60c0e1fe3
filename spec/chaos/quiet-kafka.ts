import kafkajs from 'kafkajs';

/** A client of the test's own, apart from the library: it gives up soon and says nothing. */
export function quietKafka(brokers: readonly string[], requestTimeout = 5_000): kafkajs.Kafka {
  return new kafkajs.Kafka({
    brokers: [...brokers],
    clientId: 'chaos',
    connectionTimeout: 1_000,
    requestTimeout,
    retry: { retries: 0 },
    logLevel: kafkajs.logLevel.NOTHING,
  });
}

/** `work`, or a rejection after `boundMs`: a suspended broker answers nothing at all. */
export async function bounded<T>(work: Promise<T>, boundMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${boundMs} ms`)), boundMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
