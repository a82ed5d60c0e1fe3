/** What has bytes: the language's own, and Node.js's `Buffer`. */
export const bufferKinds: ReadonlySet<string> = new Set([
  ...['Buffer', 'ArrayBuffer', 'SharedArrayBuffer', 'DataView', 'Float16Array', 'Float32Array'],
  ...['Float64Array', 'Int8Array', 'Int16Array', 'Int32Array', 'BigInt64Array', 'Uint8Array', 'Uint16Array'],
  ...['Uint32Array', 'Uint8ClampedArray', 'BigUint64Array'],
]);
