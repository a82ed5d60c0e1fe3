/** What names something, to Kafka or to whoever reads errors, metrics and commits. Of topics see `topic-name.ts`. */
import { Buffer } from 'node:buffer';
import { kind } from './option-kinds.js';
import { given, type Kind } from './option-schema.js';

/**
 * A group's or a client's. The protocol has 32,767 bytes for it; the brokers make a member's id of the client's, and transactional ids are
 * made of the group's, which have to fit too.
 */
export const identityKind: Kind = nameOf(32_000);

/** A store's, a node's, an index's: as long as a topic's, whose name a sink has by default. */
export const nameKind: Kind = nameOf(249);

/** Two names that look the same are two groups, or two stores: what cannot be seen in one is refused. */
function nameOf(most: number): Kind {
  const wants = `text of 1 to ${most} bytes, without control characters or white space around it`;
  return kind(wants, name => {
    const what = `must be ${wants}`;
    if (typeof name !== 'string' || name === '') return { path: '', what, is: given(name) };
    const flaw = flawOf(name, most);
    return flaw === undefined || { path: '', what: `${what}, and ${flaw}`, remedy: 'Write another name' };
  });
}

function flawOf(name: string, most: number): string | undefined {
  const bytes = Buffer.byteLength(name);
  if (bytes > most) return `has ${bytes} bytes`;
  if (/\p{Cs}/u.test(name)) return 'has half a surrogate pair in it';
  if (/\p{Cc}/u.test(name)) return 'has a control character in it';
  return name.trim() === name ? undefined : 'has white space around it';
}
