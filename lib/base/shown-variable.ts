/** Letters, digits and underscores, and fewer than a key of 32 bytes has in hexadecimal or base64. */
const sayable = /^[A-Za-z_]\w{0,39}$/;

/** The name of an environment variable for an error. What cannot be one, or has the length of a key, may be the secret itself. */
export function shownVariable(name: string): string {
  return sayable.test(name)
    ? name
    : 'variable of the name that was given (not shown: it may be the secret itself)';
}
