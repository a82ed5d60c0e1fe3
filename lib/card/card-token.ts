import { Buffer } from 'node:buffer';
import { createHmac, createSecretKey, KeyObject } from 'node:crypto';
import { shownVariable } from '../base/shown-variable.js';
import { KafkaRxError } from '../errors/errors.js';

/** What stands for a card number in joins; says nothing of it to who has no key. @category Privacy @since 0.1.0 */
export type CardToken = string & { readonly 'kafka-rx/brand': 'CardToken' };

/**
 * The secret behind tokens, 32 bytes or more: bytes, a `KeyObject` of node:crypto, or the name of an environment
 * variable that holds them in base64 (`openssl rand -base64 32`).
 *
 * @category Privacy @since 0.1.0
 */
export type TokenKey = Uint8Array | KeyObject | { readonly env: string };

const fewestKeyBytes = 32;
/** Sets these tokens apart from all else that may be made with the same key. */
const domain = 'kafka-rx card token 1:';
const base64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
const form = /^[A-Za-z0-9_-]{43}$/;

/** Whether the text has the form of a token: 43 characters of URL-safe base64. */
export function isCardToken(text: string): text is CardToken {
  return form.test(text);
}

/**
 * HMAC-SHA-256 of a card's digits under the key: the same token for the same card however it is grouped.
 *
 * @returns a function that throws `PROCESS` for text that is no card number, and never says the text
 * @throws `CONFIGURATION` for a key that is missing, short or not readable, and never says the key
 */
export function cardTokens(key: TokenKey): (text: string) => CardToken {
  const secret = secretOf(key);
  return text => {
    const digits = digitsOf(text);
    const hmac = createHmac('sha256', secret).update(domain).update(digits);
    // The digest has the form that the brand stands for.
    return hmac.digest('base64url') as CardToken;
  };
}

/** 13 to 19 ASCII digits; groups as in a card number, and digits of any script. */
function digitsOf(text: string): string {
  const plain = text.normalize('NFKC');
  if (!/^\d+(?:[ -]\d+)*$/.test(plain)) throw noCard();
  const digits = plain.replace(/[ -]/g, '');
  if (digits.length < 13 || digits.length > 19) throw noCard();
  return digits;
}

function noCard(): KafkaRxError {
  return new KafkaRxError('PROCESS', 'A text is no card number, and gets no token', {
    remedy: 'Put tokenize before mask, and give it a path to card numbers',
  });
}

function secretOf(key: TokenKey): KeyObject {
  if (key instanceof KeyObject) {
    if (key.type !== 'secret') throw badKey(`it is a ${key.type} one`);
    return requireLength(key, key.symmetricKeySize ?? 0);
  }
  if (key instanceof Uint8Array) return requireLength(createSecretKey(key), key.length);
  const text = process.env[key.env];
  if (text === undefined || text === '') throw badKey(`the environment has no ${shownVariable(key.env)}`);
  if (!base64.test(text)) throw badKey(`${shownVariable(key.env)} is not base64`);
  const bytes = Buffer.from(text, 'base64');
  return requireLength(createSecretKey(bytes), bytes.length);
}

function requireLength(key: KeyObject, bytes: number): KeyObject {
  if (bytes >= fewestKeyBytes) return key;
  throw badKey(`it has ${bytes} bytes of at least ${fewestKeyBytes}`);
}

function badKey(why: string): KafkaRxError {
  return new KafkaRxError('CONFIGURATION', `The key for tokens cannot be used: ${why}`, {
    remedy:
      'Give 32 random bytes or more, such as those of `openssl rand -base64 32` in an environment variable',
  });
}
