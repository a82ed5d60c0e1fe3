import type { Driver, DriverProducer } from 'kafka-rx';

/** A driver whose one topic partition each is written by a producer of the test's own; all else is the given driver's. */
export function withProducer(driver: Driver, producer: Pick<DriverProducer, 'close' | 'output'>): Driver {
  return {
    ...driver,
    async connect(context) {
      const connection = await driver.connect(context);
      return {
        clusterId: connection.clusterId,
        topics: names => connection.topics(names),
        consumer: (options, listener) => connection.consumer(options, listener),
        admin: connection.admin,
        close: () => connection.close(),
        producer: () => ({
          prepare: async () => {},
          partitionCount: () => 1,
          bufferedBytes: 0,
          flush: async () => {},
          ...producer,
        }),
      };
    },
  };
}
