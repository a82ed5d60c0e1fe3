import type { DocumentStore, StorePositions } from './port.js';
import { storeFailed } from './store-failed.js';

const remedy = 'Look at what its `positions` do, and at its disk and permissions';

/**
 * The positions of a store as the app asks for them: whatever they throw is an error of ours, which says of which store and of
 * what. Undefined where the store has none.
 */
export function askedPositions({
  name: store,
  positions,
}: Pick<DocumentStore<unknown>, 'name' | 'positions'>): StorePositions | undefined {
  if (positions === undefined) return undefined;
  const failed = (cause: unknown, method: string): never => {
    throw storeFailed(cause, { store, doing: `be asked for its positions (${method})`, remedy });
  };
  const ask = <T>(method: string, call: () => T): T => {
    try {
      return call();
    } catch (cause) {
      return failed(cause, method);
    }
  };
  /** What is durable already comes back in the same turn. */
  const later = (method: string, call: () => Promise<void> | undefined): Promise<void> | undefined => {
    const given = ask(method, call);
    return given === undefined ? undefined : Promise.resolve(given).catch(cause => failed(cause, method));
  };
  const { isNew, place, standsFor, standFor, wholeFrom, beginBelow } = positions;
  return {
    get id() {
      return ask('id', () => positions.id);
    },
    isNew: isNew && (() => ask('isNew', () => isNew.call(positions))),
    place: place && (() => ask('place', () => place.call(positions))),
    standsFor: standsFor && (() => ask('standsFor', () => standsFor.call(positions))),
    standFor: standFor && (ids => later('standFor', () => standFor.call(positions, ids))),
    read: (origin, partition) => ask('read', () => positions.read(origin, partition)),
    advance: at => later('advance', () => positions.advance(at)),
    wholeFrom: wholeFrom && (starts => ask('wholeFrom', () => wholeFrom.call(positions, starts))),
    beginBelow: beginBelow && (begins => later('beginBelow', () => beginBelow.call(positions, begins))),
    reincarnate: async at => later('reincarnate', () => positions.reincarnate(at)),
  };
}
