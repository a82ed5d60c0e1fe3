import { Buffer } from 'node:buffer';

/** Of a Buffer or a Date it is known what they give, unless they have a `toJSON` of their own. */
export function writesItself(value: object): boolean {
  if (!('toJSON' in value)) return false;
  const { toJSON } = value;
  return (
    typeof toJSON === 'function' && toJSON !== Date.prototype.toJSON && toJSON !== Buffer.prototype.toJSON
  );
}
