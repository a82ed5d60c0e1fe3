import { isAnyArrayBuffer, isArrayBufferView, isDataView } from 'node:util/types';

/** The bytes that a buffer of any sort has, whatever its class says of its length and place. */
export function bytesIn(value: ArrayBufferView): Uint8Array;
export function bytesIn(value: object): Uint8Array | undefined;
export function bytesIn(value: object): Uint8Array | undefined {
  if (isArrayBufferView(value)) {
    const of = isDataView(value) ? ofDataViews : ofTypedArrays;
    // Getters of the language: they give these of every view.
    return new Uint8Array(
      Reflect.apply(of.buffer, value, []) as ArrayBufferLike,
      Reflect.apply(of.byteOffset, value, []) as number,
      Reflect.apply(of.byteLength, value, []) as number,
    );
  }
  return isAnyArrayBuffer(value) ? new Uint8Array(value) : undefined;
}

const ofTypedArrays = gettersOf(Object.getPrototypeOf(Uint8Array.prototype) as object);
const ofDataViews = gettersOf(DataView.prototype);

function gettersOf(prototype: object) {
  return {
    buffer: getterOf(prototype, 'buffer'),
    byteOffset: getterOf(prototype, 'byteOffset'),
    byteLength: getterOf(prototype, 'byteLength'),
  };
}

function getterOf(prototype: object, name: string): () => unknown {
  const get = Object.getOwnPropertyDescriptor(prototype, name)?.get;
  if (get === undefined) throw new TypeError(`no ${name}`);
  return get;
}
