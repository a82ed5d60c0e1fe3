import type { MaskedCardNumber } from './card-number.js';
import type { MaskedText } from './mask-pattern.js';

type Primitive = string | number | bigint | boolean | symbol | null | undefined;

/**
 * `V` with the fields at the paths `P` masked: their text becomes {@link MaskedCardNumber}; null, undefined, optional
 * and readonly stay, and each member of a union keeps its own fields.
 *
 * ```ts
 * Masked<{ id: string; cards?: { number: string }[] }, 'cards.*.number'>   // { id: string; cards?: { number: MaskedCardNumber }[] }
 * ```
 *
 * @typeParam P a union of `Path<V>`
 * @typeParam As what the text becomes
 * @category Privacy @since 0.1.0
 */
export type Masked<
  V,
  P extends string,
  As extends MaskedCardNumber | MaskedText = MaskedCardNumber,
> = V extends Primitive
  ? V
  : V extends readonly unknown[]
    ? { [I in keyof V]: MaskedField<V[I], '*', P, As> }
    : { [K in keyof V]: MaskedField<V[K], K, P, As> };

type MaskedField<Field, K, P extends string, As extends MaskedCardNumber | MaskedText> = Within<
  K extends P ? Replaced<Field, As> : Field,
  Rest<K, P>,
  As
>;

/** Fields that no path leads into stay as they are, names and all: they are not mapped. */
type Within<Field, P extends string, As extends MaskedCardNumber | MaskedText> = [P] extends [never]
  ? Field
  : Masked<Field, P, As>;

type Rest<K, P extends string> = K extends string ? (P extends `${K}.${infer After}` ? After : never) : never;

/** A card number that came as a JSON number is masked to text as well. */
type Replaced<Field, As> = Field extends string | number ? As : Field;
