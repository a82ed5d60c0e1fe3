/** What the text of a commit says, read without the library's own code. */

/** Of which topic it is: one that was made anew under the name is another. */
export function topicIn(metadata: string | undefined): string | undefined {
  return wordIn(metadata, 'topic');
}

/** How far a store has come that is filled again while the commit stays where it is. */
export function filledUpTo(metadata: string | undefined): number | undefined {
  const filled = wordIn(metadata, 'filled');
  return filled === undefined ? undefined : Number(filled);
}

function wordIn(metadata: string | undefined, name: string): string | undefined {
  const prefix = `kafka-rx.${name}=`;
  const word = metadata?.split(' ').find(one => one.startsWith(prefix));
  return word === undefined ? undefined : decodeURIComponent(word.slice(prefix.length));
}
