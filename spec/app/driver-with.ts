import type { Driver, DriverConnection } from 'kafka-rx';
import { memory } from 'kafka-rx/memory';
import { but } from './but.js';
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
      return but(connection, changed(connection));
    },
  };
}

type OpenUnit = NonNullable<DriverConnection['unitOfWork']>;
type OpenReader = NonNullable<DriverConnection['reader']>;

/** The same, of which units of work are opened another way. */
export function driverWithUnits(members: Members, changed: (open: OpenUnit) => OpenUnit): Driver {
  return driverWith(members, ({ unitOfWork }) => ({ unitOfWork: unitOfWork && changed(unitOfWork) }));
}

/** The same, of which readers outside of the group are opened another way. */
export function driverWithReaders(members: Members, changed: (open: OpenReader) => OpenReader): Driver {
  return driverWith(members, ({ reader }) => ({ reader: reader && changed(reader) }));
}
