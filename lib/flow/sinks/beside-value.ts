import { UnmaskedField } from '../../codecs/declared.js';

/** What is written beside a value. */
export type BesideValue = 'key' | 'header' | 'timestamp' | 'filing';

const places: Readonly<Record<BesideValue, string>> = {
  key: 'the key',
  header: 'a header',
  timestamp: 'the timestamp',
  filing: 'what the store files a document under',
};

/** What to do about each: mask changes the value alone. */
export const remedyBeside: Readonly<Record<BesideValue, string>> = {
  key: 'Have keyBy, or mapKey before this sink, make the key of something else; mask changes the value alone',
  header: "Leave that header out of what 'headers' of app.to names or gives; mask changes the value alone",
  timestamp: "Have 'timestamp' of app.to give a time; mask changes the value alone",
  filing: "Have 'id' and 'by' of the store give something else; mask changes the value alone",
};

/** What was found there. */
export function unmaskedBeside(where: BesideValue, { path, what }: UnmaskedField): UnmaskedField {
  return new UnmaskedField(path, `${what} in ${places[where]}`, remedyBeside[where]);
}
