/** Fewer letters and digits that are left say little of whose text it was: others of the same length look alike. */
const fewestLeft = 4;

/**
 * Whether one text, or what stands in it as JSON, is what the other shows masked: what was hidden there stands here.
 *
 * @param shown asked only where a masked form says whose it is. Undefined: it cannot be read, and nothing is known
 * @param masksOf what a text would be masked to, in each way
 */
export function isTextShownMasked(
  text: string,
  shown: () => string | undefined,
  masksOf: (text: string) => readonly string[],
): boolean {
  return textsWithin(text).some(one => {
    const telling = masksOf(one).filter(masked => masked !== one && countLeft(masked) >= fewestLeft);
    const other = telling.length > 0 ? shown() : undefined;
    // What shows there in full as well, under another name, this does not give away.
    if (other === undefined || other.includes(inJson(one))) return false;
    return telling.some(masked => other.includes(inJson(masked)));
  });
}

function countLeft(masked: string): number {
  return masked.match(/[\p{L}\p{N}]/gu)?.filter(symbol => symbol !== 'x').length ?? 0;
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** The text; where it is JSON, the texts, numbers and names in that. */
function textsWithin(text: string): readonly string[] {
  if (!/^\s*["{[]/.test(text)) return [text];
  const within: string[] = [];
  try {
    JSON.parse(text, (name, value: unknown) => {
      within.push(name);
      if (typeof value === 'string' || typeof value === 'number') within.push(String(value));
    });
    return within;
  } catch {
    return [text];
  }
}
