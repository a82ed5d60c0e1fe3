/** Wrong usage of the command line, told in one line; the caller exits with 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'USAGE';
}
