/** A field that no sink may write unmasked. */
export interface MaskedField {
  /** Dotted, `*` for every element of an array and every field of an object. */
  readonly path: string;
  /** A card number stood there; else text of any form. */
  readonly card: boolean;
  /** What tells one way to mask from another: equal where `isMasked` is, made anew for each record or not. Default: that function. */
  readonly way?: unknown;
  /** Whether a text found there is masked. */
  isMasked(text: string): boolean;
  /** What the text would be masked to, in each way that is known; undefined where only `isMasked` is. */
  readonly masksOf?: ((text: string) => readonly string[]) | undefined;
}
