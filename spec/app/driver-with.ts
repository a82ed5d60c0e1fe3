import type { Driver, DriverConnection } from 'kafka-rx';
import { memory } from 'kafka-rx/memory';
import type { Members } from './members.js';

/** The embedded broker behind a connection of which some methods are others; what it was connected with is noted. */
export function driverWith(
  members: Members,
  changed: (inner: DriverConnection) => Partial<DriverConnection>,
  connected: string[] = [],
): Driver {
  const inner = memory({ broker: members.broker });
  return {
    name: 'changed',
    clock: members.clock,
    connect: async context => {
      connected.push(context.clientId);
      const connection = await inner.connect(context);
      const all: DriverConnection = {
        clusterId: connection.clusterId,
        admin: connection.admin,
        topics: names => connection.topics(names),
        consumer: (options, listener) => connection.consumer(options, listener),
        producer: options => connection.producer(options),
        close: () => connection.close(),
      };
      return { ...all, ...changed(connection) };
    },
  };
}
