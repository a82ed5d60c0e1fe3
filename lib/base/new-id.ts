import { randomUUID } from 'node:crypto';

/** An id that nothing else has: what makes ids by default. A simulation gives its own, so that two runs of a seed are the same. */
export function newId(): string {
  return randomUUID();
}
