import { KafkaRxError } from '../../errors/errors.js';
import type { Document, DocumentStore, StorePosition, StorePositions } from '../../stores/port.js';
import type { Wire } from './wire.js';

export interface SimulatedStoreParts {
  readonly wire: Wire;
  /** Work outside of virtual time: the next step waits for it. */
  external<T>(work: Promise<T>): Promise<T>;
  /** Whether this write is to fail; drawn by the simulation. */
  fails(): Error | undefined;
  /** Where it lies: one word. */
  readonly place: string;
  /** Documents are about to leave the process. */
  writing(documents: readonly Document<unknown>[]): void;
  /** Positions were noted. */
  noted(positions: StorePositions, news: readonly StorePosition[]): void;
}

/**
 * A store as seen by one incarnation of one process: what it writes passes a disk's queue, of which a crash keeps a part; what it
 * reads it reads at once. Whatever was acknowledged is durable.
 */
export function simulatedStore<V>(inner: DocumentStore<V>, parts: SimulatedStoreParts): DocumentStore<V> {
  const { wire, external, fails, place } = parts;
  const call = <T>(what: string, effect: () => T | Promise<T>): Promise<T> =>
    wire.call('disk', what, () => external(Promise.resolve(effect())), false);
  // The process's own: others have what lies there open still.
  let isOpen = false;
  const overrides: Partial<DocumentStore<V>> = {
    open: reset =>
      call('open', async () => {
        await inner.open(reset);
        isOpen = true;
      }),
    close: () =>
      call('close store', () => {
        isOpen = false;
      }),
    write: (documents, guard) => {
      parts.writing(documents);
      return call('write', async () => {
        const failure = fails();
        if (failure !== undefined) throw failure;
        if (!isOpen) throw closedStore(place);
        await inner.write(documents, guard);
      });
    },
  };
  // One object, as a store's are.
  const positions = simulatedPositions(inner.positions, call, parts);
  return new Proxy(inner, {
    get(target, name) {
      if (name === 'positions') return positions;
      const override = Reflect.get(overrides, name);
      if (override !== undefined) return override;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function closedStore(place: string): KafkaRxError {
  return new KafkaRxError('CLOSED', `store ${place} is not open`, {
    remedy: 'Call open() before, and nothing after close()',
  });
}

function simulatedPositions(
  inner: StorePositions | undefined,
  call: (what: string, effect: () => void | Promise<void>) => Promise<void>,
  { place, noted }: SimulatedStoreParts,
): StorePositions | undefined {
  if (inner === undefined) return undefined;
  const overrides: Partial<StorePositions> = {
    advance: positions =>
      call('note positions', async () => {
        await inner.advance(positions);
        noted(inner, positions);
      }),
    place: () => inner.place?.() ?? place,
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
