/** Characters to compare, of all of them with all that is looked at: above it all is blanked, since searching takes too long. */
const mostWork = 100_000_000;

/**
 * What one letter's copy of its value does not show. What is written beside the copy must not show it either, however it is
 * grouped, cased or accented there: the letters and digits are compared.
 */
export class HiddenTexts {
  readonly #bare = new Set<string>();
  #length = 0;
  #work = 0;

  get isEmpty(): boolean {
    return this.#bare.size === 0;
  }

  add(text: string): void {
    const { bare } = bareOf(text);
    if (bare === '' || this.#bare.has(bare)) return;
    this.#bare.add(bare);
    this.#length += bare.length;
  }

  /**
   * Blanks in `shown` where one of them stands in `text`.
   *
   * @param shown the text, some of it masked already, each character at its place
   */
  hide(text: string, shown: string): string {
    this.#work += this.#length * text.length;
    if (this.#work > mostWork) return blanked(shown);
    const { bare, places } = bareOf(text);
    const hidden = new Set<number>();
    for (const one of this.#bare) {
      for (let at = bare.indexOf(one); at !== -1; at = bare.indexOf(one, at + one.length)) {
        for (let i = at; i < at + one.length; i++) hidden.add(places[i] ?? 0);
      }
    }
    if (hidden.size === 0) return shown;
    return shown.replaceAll(lettersAndDigits, (symbol, place: number) => (hidden.has(place) ? 'x' : symbol));
  }
}

const lettersAndDigits = /[\p{L}\p{N}]/gu;

/** Every letter and digit as `x`. */
export function blanked(text: string): string {
  return text.replaceAll(lettersAndDigits, 'x');
}

/** The letters and digits alone, in lower case, without accents; with the place of each in the text. */
function bareOf(text: string): { readonly bare: string; readonly places: readonly number[] } {
  let bare = '';
  const places: number[] = [];
  for (const { 0: symbol, index } of text.matchAll(lettersAndDigits)) {
    const plain = symbol
      .normalize('NFKD')
      .replaceAll(/[^\p{L}\p{N}]/gu, '')
      .toLowerCase();
    bare += plain;
    for (let i = 0; i < plain.length; i++) places.push(index);
  }
  return { bare, places };
}
