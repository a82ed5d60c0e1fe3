import { fewestDigits } from './issuers.js';
import { isMaskedLeaf } from './masked-at.js';
import { searchCardNumbers } from './search.js';

/** @internal A field that must not be written unmasked. */
export interface ProtectedField {
  /** As it was written, for messages. */
  readonly path: string;
  readonly segments: readonly string[];
  /** The last name of the path; undefined for one of `*` alone. */
  readonly name: string | undefined;
  /** Whether JSON has that name as it is, or with `\\u` in it: a text without either has no such field. */
  readonly plain: boolean;
  /**
   * It holds card numbers: under its name, or below it, none may stand anywhere. Otherwise it is text of which nobody knows
   * the form, and the whole path is looked for.
   */
  readonly card: boolean;
  /** 13 digits under the name are a card; otherwise, for a name behind others, which may mean anything, sum and issuer are asked. */
  readonly strict: boolean;
  /** Paths, from the root, where something else of that name may stand. */
  readonly allow: readonly (readonly string[])[];
  isMasked(text: string): boolean;
  /** Of a field of text, see `MaskedField.masksOf`. */
  readonly masksOf: ((text: string) => readonly string[]) | undefined;
}

/** @internal Whether a path in a value is one that was written with `*` for items and names. */
export function leadsTo(segments: readonly string[], path: readonly string[]): boolean {
  return (
    segments.length === path.length &&
    segments.every((segment, i) => segment === '*' || path[i] === '*' || segment === path[i])
  );
}

/** @internal Text under the name of a card's field, where it is not the field itself. */
export function isNoCard(text: string, { strict, isMasked }: ProtectedField): boolean {
  return text.length < fewestDigits || !searchCardNumbers(text, strict) || isMasked(text);
}

/**
 * @internal Whether what stands at a path that is not the field's own may be written.
 *
 * @param path from the root to a leaf, as names
 */
export function mayStandAt(path: readonly string[], field: ProtectedField): (leaf: unknown) => boolean {
  const { segments, name, card, isMasked, allow } = field;
  if (allow.some(free => leadsTo(free, path))) return anything;
  if (card) {
    if (name === undefined || !path.includes(name)) return anything;
    return leaf => isMaskedLeaf(leaf, text => isNoCard(text, field));
  }
  const end = path.slice(-segments.length);
  return leadsTo(segments, end) ? leaf => isMaskedLeaf(leaf, isMasked) : anything;
}

/** @internal */
export const anything = (): boolean => true;
