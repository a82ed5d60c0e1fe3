import type { Driver, DriverProducer } from 'kafka-rx';
import { but } from '../../app/but.js';

/** A driver whose one topic partition each is written by a producer of the test's own; all else is the given driver's. */
export function withProducer(driver: Driver, producer: Pick<DriverProducer, 'close' | 'output'>): Driver {
  return {
    ...driver,
    async connect(context) {
      const connection = await driver.connect(context);
      return but(connection, {
        producer: () => ({
          prepare: async () => {},
          partitionCount: () => 1,
          bufferedBytes: 0,
          flush: async () => {},
          ...producer,
        }),
      });
    },
  };
}
