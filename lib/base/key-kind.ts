import { KeyObject } from 'node:crypto';
import { bytes, either, kind, required, secret, shape, text } from './option-kinds.js';
import type { Kind } from './option-schema.js';

/** A secret, however it is given; whether it is long enough, and there, is told by who reads it. */
export const keyKind: Kind = {
  ...secret(
    either(
      bytes,
      kind('a KeyObject', value => value instanceof KeyObject),
      shape({ env: required(text) }),
    ),
  ),
  wants: 'bytes, a KeyObject or { env }',
};
