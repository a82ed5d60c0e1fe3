/**
 * io-ts types for what kafka-rx knows of: card numbers, and what records of a business mostly need beside them.
 * All are refinements, so that `json()` sees that they change nothing and takes its fast path.
 */
import * as t from 'io-ts';
import { isIsoInstant } from '../base/iso-instant.js';
import {
  type CardNumber as CardNumberBrand,
  isCardNumber,
  isMaskedCardNumber,
  type MaskedCardNumber as MaskedCardNumberBrand,
} from '../card/card-number.js';

/** A whole card number: 13 to 19 digits, plain or in groups. @category Types @since 0.1.0 */
export type CardNumber = CardNumberBrand;

/** A card number of which at most the last four digits are left. @category Types @since 0.1.0 */
export type MaskedCardNumber = MaskedCardNumberBrand;

/** A point in time as ISO 8601 text. @category Types @since 0.1.0 */
export type IsoTimestamp = string & { readonly 'kafka-rx/brand': 'IsoTimestamp' };

/** An integer of at least 1. @category Types @since 0.1.0 */
export type PositiveInt = number & { readonly 'kafka-rx/brand': 'PositiveInt' };

/** A finite number of at least 0. @category Types @since 0.1.0 */
export type NonNegative = number & { readonly 'kafka-rx/brand': 'NonNegative' };

/** 13 to 19 digits, plain or in groups separated by a single space or dash. @category Types @since 0.1.0 */
export const CardNumber: t.RefinementType<t.StringC, CardNumber, string> = refined(
  'CardNumber',
  t.string,
  isCardNumber,
);

/**
 * As `maskCardNumber` gives it: 13 to 19 symbols in groups, each an `x` but for at most four digits at the end. A whole
 * card number is refused, on decode and on encode.
 *
 * @category Types @since 0.1.0
 */
export const MaskedCardNumber: t.RefinementType<t.StringC, MaskedCardNumber, string> = refined(
  'MaskedCardNumber',
  t.string,
  isMaskedCardNumber,
);

/**
 * A point in time as ISO 8601 text in the extended form, kept as the text that it is: `1997-01-12` (midnight UTC),
 * `1997-01-12T00:00Z`, `1997-01-12T01:00:00.5+01:00`. A date that is in no calendar is refused, and so is a time without an
 * offset, which is another instant on another machine. All that passes is understood by `new Date(text)`.
 *
 * @category Types @since 0.1.0
 */
export const IsoTimestamp: t.RefinementType<t.StringC, IsoTimestamp, string> = refined(
  'IsoTimestamp',
  t.string,
  isIsoTimestamp,
);

/** @category Types @since 0.1.0 */
export const PositiveInt: t.RefinementType<t.NumberC, PositiveInt, number> = refined(
  'PositiveInt',
  t.number,
  (value): value is PositiveInt => Number.isSafeInteger(value) && value >= 1,
);

/** @category Types @since 0.1.0 */
export const NonNegative: t.RefinementType<t.NumberC, NonNegative, number> = refined(
  'NonNegative',
  t.number,
  (value): value is NonNegative => Number.isFinite(value) && value >= 0,
);

/** A record's timestamp is mostly asked about several times in a row: when it is read, and by each sink. */
let lastPassed: string | undefined;

function isIsoTimestamp(text: string): text is IsoTimestamp {
  if (text === lastPassed) return true;
  if (!isIsoInstant(text)) return false;
  lastPassed = text;
  return true;
}

/** `t.brand` would put io-ts's own brand on the type, and the core's brands must not need io-ts. */
function refined<C extends t.Type<I>, I, A extends I>(
  name: string,
  type: C & t.Type<I>,
  predicate: (value: I) => value is A,
): t.RefinementType<C, A, I> {
  const is = (value: unknown): value is A => type.is(value) && predicate(value);
  return new t.RefinementType<C, A, I>(
    name,
    is,
    (value, context) => (is(value) ? t.success(value) : t.failure(value, context)),
    type.encode,
    type,
    value => predicate(value),
  );
}
