import { KafkaRxError } from '../errors/errors.js';

/** What a test names is there: otherwise it would show nothing. @throws `CONFIGURATION` */
export function requireKnown(
  names: readonly string[],
  known: ReadonlySet<string>,
  what: 'topic' | 'state' = 'topic',
): void {
  const unknown = names.find(name => !known.has(name));
  if (unknown === undefined) return;
  const all = [...known].map(name => `'${name}'`).join(', ');
  throw new KafkaRxError('CONFIGURATION', `testApp: there is no ${what} '${unknown}' in the topology`, {
    remedy: `Name one that it has: ${all || 'none'}`,
  });
}
