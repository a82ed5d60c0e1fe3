import type { Header } from 'kafka-rx';

/** What a dead letter says of this; `''` where it says nothing. Not by the code of the library that is judged. */
export function letterHeader(headers: readonly Header[], name: string): string {
  return headers.find(({ key }) => key === `kafka-rx.dead-letter.${name}`)?.value?.toString() ?? '';
}
