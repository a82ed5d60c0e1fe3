import { gzip as compress, gunzip } from 'node:zlib';
import type { Codec } from './codec.js';
import { nodeCodec } from './node-codec.js';

export const gzip: Codec = nodeCodec(compress, gunzip);
