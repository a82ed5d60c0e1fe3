import { isObservable } from 'rxjs';
import { kind, required } from './option-kinds.js';
import { checkArgument } from './option-schema.js';

const streamKind = required(kind('an Observable', isObservable));

/**
 * Throws unless this is a stream: what an operator is piped to, or called with.
 *
 * @param where whose source it is
 * @throws KafkaRxError `CONFIGURATION`
 */
export function checkSource(where: string, source: unknown): void {
  checkArgument(where, 'the source', streamKind, source);
}
