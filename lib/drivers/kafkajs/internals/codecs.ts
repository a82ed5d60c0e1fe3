/** What this driver uses of kafkajs's src/protocol/message/compression. */
import { fieldOf } from '../../../errors/field-of.js';

/** Whether this is what kafkajs's stand-ins for codecs throw (src/protocol/message/compression/index.js). */
export function isNotImplemented(error: unknown): boolean {
  return fieldOf(error, 'name') === 'KafkaJSNotImplemented';
}

/** The codec that kafkajs registers for gzip itself, to be told from one that a user put in its place. */
export async function kafkajsGzip(): Promise<unknown> {
  // By a name that the compiler does not follow: kafkajs has no types for its inside.
  const path: string = 'kafkajs/src/protocol/message/compression/gzip.js';
  // A CommonJS module, which is the default export however this one is built.
  const { default: codec } = (await import(path)) as { readonly default: unknown };
  return codec;
}
