import type { OperatorFunction } from 'rxjs';
import { keyKind } from '../lib/base/key-kind.js';
import { required } from '../lib/base/option-kinds.js';
import { checkOptions, type Fields } from '../lib/base/option-schema.js';
import { type CardToken, cardTokens, isCardToken, type TokenKey } from '../lib/card/card-token.js';
import { type FieldOptions, fieldOptions, maskFields } from '../lib/card/mask-fields.js';
import type { Masked } from '../lib/card/masked.js';
import type { Path } from '../lib/card/path.js';
import type { KafkaRecord } from '../lib/record/record.js';

/** @category Operators @since 0.1.0 */
export interface TokenizeOptions extends FieldOptions {
  /** The secret of all who join on these tokens: another key gives others. */
  readonly key: TokenKey;
}

export const tokenizeOptions: Fields<TokenizeOptions> = { ...fieldOptions, key: required(keyKind) };

/**
 * Replaces the card numbers at one or several paths of the value by tokens, for joins and counts on a card without the
 * card: HMAC-SHA-256 of its digits under a key, 43 characters of URL-safe base64. One card has one token, however it is
 * grouped and wherever it is met.
 *
 * ```
 * source   --{card: 4111-1111-1111-1111}--{card: 4111111111111111}--|
 * tokenize('card', { key })
 * result   --{card: t}--------------------{card: t}-----------------|     t = Vq0P…
 * ```
 *
 * The fields' type becomes `CardToken`, and every sink of the app then refuses them with anything else in them. A
 * field that is missing or null is left alone; text that is no card number is a `process` problem of its record: the
 * policy decides. A card of 17 digits or more that comes as a JSON number has lost its last digits: have it sent as text.
 *
 * @throws `CONFIGURATION` when it is wired, for a key of fewer than 32 bytes or one that is not there, and for a path that the
 *   source's codec does not declare (as `mask` does)
 * @example
 * ```ts
 * purchases$.pipe(tokenize('cardNumber', { key: { env: 'CARD_TOKEN_KEY' } }));
 * ```
 * @category Operators @since 0.1.0
 */
export function tokenize<K, V, const P extends Path<V>>(
  paths: P | readonly P[],
  options: TokenizeOptions,
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<K, Masked<V, P, CardToken>>> {
  checkOptions('tokenize', tokenizeOptions, options);
  const { key, name, onError, optional } = options;
  const replacement = { card: true, mask: cardTokens(key), isMasked: isCardToken };
  return maskFields('tokenize', paths, replacement, { name, onError, optional });
}
