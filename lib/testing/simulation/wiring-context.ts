import type { Clock } from '../../base/clock.js';
import { KafkaRxError } from '../../errors/errors.js';
import type { LmdbHost } from '../../stores/lmdb-host.js';
import { lmdbOn } from '../../stores/lmdb-store.js';
import type { ProcessContext } from './process-context.js';

/** A process of no simulation, for a topology that is wired to be looked at and never run: its stores are never opened. */
export function wiringContext(clock: Clock): ProcessContext {
  let ids = 0;
  const newId = (): string => `id-${++ids}`;
  const host: LmdbHost = {
    hostname: 'nowhere',
    folderOf: name => `/nowhere/${name}`,
    prepareFolder: (_directory, _readOnly, where) => refuse(where),
    turnsOf: directory => refuse(directory),
    open: ({ path }) => refuse(path),
    newId,
    later: (task, delayMs) => clock.schedule(task, delayMs),
    nextTurn: () => new Promise(resolve => clock.defer(resolve)),
  };
  return {
    name: 'p0',
    clock,
    newId,
    store: (_name, make) => make(),
    lmdb: (name, options) => lmdbOn(host, name, options),
    stateBackend: name => ({ name: 'simulated', open: () => refuse(`state on ${name}`) }),
  };
}

function refuse(what: string): never {
  throw new KafkaRxError('STORE', `The ${what} is opened while the topology is wired`, {
    remedy: 'Leave it to the app to open its stores',
  });
}
