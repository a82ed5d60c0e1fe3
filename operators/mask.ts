import type { OperatorFunction } from 'rxjs';
import { call, either, kind } from '../lib/base/option-kinds.js';
import { checkOptions, type Fields } from '../lib/base/option-schema.js';
import { looksMasked, type MaskedCardNumber, maskCardNumber } from '../lib/card/card-number.js';
import { type FieldOptions, fieldOptions, maskFields, type Replacement } from '../lib/card/mask-fields.js';
import { compilePattern, type MaskedText, type MaskPattern } from '../lib/card/mask-pattern.js';
import type { Masked } from '../lib/card/masked.js';
import type { Path } from '../lib/card/path.js';
import type { KafkaRecord } from '../lib/record/record.js';

/** @category Operators @since 0.1.0 */
export interface MaskOptions extends FieldOptions {
  /** How the text is masked where it is no card number, such as an e-mail address. Default: as a card number. */
  readonly pattern?: MaskPattern | undefined;
}

export const maskOptions: Fields<MaskOptions> = {
  ...fieldOptions,
  pattern: either(
    call,
    kind('a RegExp', value => value instanceof RegExp),
  ),
};

declare const none: unique symbol;

/**
 * The type of options that are left out. It has the pattern of others all the same: TypeScript looks here for what the
 * parameter of a pattern is.
 */
export interface NoMaskOptions extends MaskOptions {
  readonly [none]?: never;
}

/** What these options make of text. */
export type MaskedBy<O extends MaskOptions> = typeof none extends keyof O
  ? MaskedCardNumber
  : 'pattern' extends keyof O
    ? O extends { readonly pattern: MaskPattern }
      ? MaskedText
      : O extends { readonly pattern?: undefined }
        ? MaskedCardNumber
        : MaskedCardNumber | MaskedText
    : MaskedCardNumber;

/**
 * Masks the card numbers at one or several paths of the value: digits are removed, the last four kept, the grouping
 * stays. `1234-5678-1234-1233` becomes `xxxx-xxxx-xxxx-1233`.
 *
 * ```
 * source   --{card: 1234-5678-1234-1233}--|
 * mask('card')
 * result   --{card: xxxx-xxxx-xxxx-1233}--|
 * ```
 *
 * The masked fields' type becomes `MaskedCardNumber`, so that a sink for masked values takes the result and does not
 * take the source. Every sink of the app then refuses these fields unmasked, wherever else they turn up. A field that is
 * missing or null is left alone; a number becomes a masked string; masking twice changes nothing.
 *
 * Other text is masked by a `pattern`, and its type becomes `MaskedText`: a RegExp whose groups stay, or a function.
 *
 * A misspelt path does not compile. Where there are no types (JavaScript, `any`) it is refused while wiring, if the source
 * is a topic whose codec declares its fields, and otherwise at the first record that lacks it: a `process` problem of each
 * until one has it, unless `optional` is set.
 *
 * @param paths dotted paths into the value, `*` for every element of an array and every field of a Record; a path that does
 *   not exist in the type does not compile
 * @throws `CONFIGURATION`, while it is wired, for a path that the source's codec does not declare
 * @example
 * ```ts
 * purchases$.pipe(mask('cardNumber'));
purchases$.pipe(mask('customerId', { pattern: /^(.).*(.)$/ })); // 'c-17' becomes 'c-x7'
 * ```
 * @category Operators @since 0.1.0
 */
export function mask<K, V, const P extends Path<V>, O extends MaskOptions = NoMaskOptions>(
  paths: P | readonly P[],
  options?: O,
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<K, Masked<V, P, MaskedBy<O>>>> {
  const given: MaskOptions = options === undefined ? {} : options;
  checkOptions('mask', maskOptions, given);
  const { pattern, name, onError, optional } = given;
  return maskFields('mask', paths, replacementOf(pattern), { name, onError, optional });
}

const ofCards: Replacement = { card: true, mask: maskCardNumber, isMasked: looksMasked };

function replacementOf(pattern: MaskPattern | undefined): Replacement {
  if (pattern === undefined) return ofCards;
  const toMasked = compilePattern(pattern);
  // Made again for each record, one pattern is one way to mask: the guard keeps each.
  const way = typeof pattern === 'function' ? pattern : String(pattern);
  return { card: false, mask: toMasked, isMasked: text => toMasked(text) === text, way };
}
