/** The end of a text within a key. */
const END = '\0\0';

/** A text of any bytes as the beginning of a key: no such text begins another, and they sort as the texts do, whatever comes behind. */
export function terminated(text: string): string {
  return (text.includes('\0') ? text.replaceAll('\0', '\0\x01') : text) + END;
}

/** The text that begins there, and where what is behind it begins. */
export function readTerminated(key: string, at: number): readonly [text: string, behind: number] {
  const end = key.indexOf(END, at);
  const text = key.slice(at, end);
  return [text.includes('\0') ? text.replaceAll('\0\x01', '\0') : text, end + END.length];
}
