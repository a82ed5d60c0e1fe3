import type { DocumentStore, StorePositions } from '../../stores/port.js';
import type { Wire } from './wire.js';

export interface SimulatedStoreParts {
  readonly wire: Wire;
  /** Work outside of virtual time: the next step waits for it. */
  external<T>(work: Promise<T>): Promise<T>;
  /** Whether this write is to fail; drawn by the simulation. */
  fails(): Error | undefined;
}

/**
 * A store as seen by one incarnation of one process: what it writes passes a disk's queue, of which a crash keeps a part; what it
 * reads it reads at once. Whatever was acknowledged is durable.
 */
export function simulatedStore<V>(
  inner: DocumentStore<V>,
  { wire, external, fails }: SimulatedStoreParts,
): DocumentStore<V> {
  const call = <T>(what: string, effect: () => T | Promise<T>): Promise<T> =>
    wire.call('disk', what, () => external(Promise.resolve(effect())), false);
  const overrides: Partial<DocumentStore<V>> = {
    open: () => call('open', () => inner.open()),
    close: () => call('close store', () => inner.close()),
    write: (documents, guard) =>
      call('write', async () => {
        const failure = fails();
        if (failure !== undefined) throw failure;
        await inner.write(documents, guard);
      }),
  };
  return new Proxy(inner, {
    get(target, name) {
      if (name === 'positions') return simulatedPositions(target.positions, call);
      const override = Reflect.get(overrides, name);
      if (override !== undefined) return override;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function simulatedPositions(
  inner: StorePositions | undefined,
  call: (what: string, effect: () => void | Promise<void>) => Promise<void>,
): StorePositions | undefined {
  if (inner === undefined) return undefined;
  const overrides: Partial<StorePositions> = {
    advance: positions => call('note positions', () => inner.advance(positions)),
  };
  return new Proxy(inner, {
    get(target, name) {
      const override = Reflect.get(overrides, name);
      if (override !== undefined) return override;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
