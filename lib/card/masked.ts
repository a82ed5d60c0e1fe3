import type { MaskedCardNumber } from './card-number.js';
import type { IsOpen } from './path.js';

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
export type Masked<V, P extends string, As extends string = MaskedCardNumber> = V extends Primitive
  ? V
  : V extends readonly unknown[]
    ? { [I in keyof V]: MaskedField<V[I], '*', P, As> }
    : { [K in keyof V]: MaskedField<V[K], StepTo<K>, P, As> };

/** What a path may call a field: its name, unless only the value knows it, and `*`, which is every field. */
type StepTo<K> = K extends string
  ? IsOpen<K> extends true
    ? '*'
    : `${K}` | '*'
  : K extends number
    ? '*'
    : never;

type MaskedField<Field, Steps extends string, P extends string, As extends string> = Within<
  [Extract<P, Steps>] extends [never] ? Field : Replaced<Field, As>,
  Rest<Steps, P>,
  As
>;

/** Fields that no path leads into stay as they are, names and all: they are not mapped. */
type Within<Field, P extends string, As extends string> = [P] extends [never] ? Field : Masked<Field, P, As>;

type Rest<Steps extends string, P extends string> = P extends `${Steps}.${infer After}` ? After : never;

/** A card number that came as a JSON number is masked to text as well. */
type Replaced<Field, As> = Field extends string | number ? As : Field;
