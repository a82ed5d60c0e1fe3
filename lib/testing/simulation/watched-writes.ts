import type { Document, DocumentStore } from '../../stores/port.js';

/** The same store, of which each write is told first. */
export function watchedWrites<S extends Pick<DocumentStore<unknown>, 'name'>>(
  store: S,
  writing: (documents: readonly Document<unknown>[]) => void,
): S {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name !== 'write') return value.bind(target);
      return (...given: readonly unknown[]): unknown => {
        // As the port has it; what is handed over is not touched.
        writing(given[0] as readonly Document<unknown>[]);
        return value.apply(target, given);
      };
    },
  });
}
