const zero = 0x30;
const space = 0x20;
const dash = 0x2d;

/**
 * Whether bytes hold a run of 13 to 19 digits, single spaces or dashes between them allowed, that passes the Luhn
 * check. One pass, linear in the input; only ASCII digits count here.
 */
export function containsCardNumber(bytes: Uint8Array): boolean {
  let digits = 0;
  let separated = false;
  const run = new Uint8Array(20);
  for (let i = 0; i <= bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    const digit = byte - zero;
    if (digit >= 0 && digit <= 9) {
      if (digits < 20) run[digits] = digit;
      digits++;
      separated = false;
    } else if ((byte === space || byte === dash) && digits > 0 && !separated) {
      separated = true;
    } else {
      if (digits >= 13 && digits <= 19 && passesLuhn(run, digits)) return true;
      digits = 0;
      separated = false;
    }
  }
  return false;
}

/** ISO/IEC 7812-1 annex B: every second digit from the right doubled, the digits' sum a multiple of ten. */
function passesLuhn(digits: Uint8Array, length: number): boolean {
  let sum = 0;
  for (let i = 0; i < length; i++) {
    const digit = digits[length - 1 - i] ?? 0;
    const doubled = digit * 2;
    sum += i % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
  }
  return sum > 0 && sum % 10 === 0;
}
