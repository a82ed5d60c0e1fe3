/**
 * What the library logs through: pino's shape (an object of fields first, then a message), so that a pino
 * instance fits as it is. Fields hold coordinates, counts and codes, never a key, value or header of a record.
 *
 * @category Observability @since 0.1.0
 */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

const nothing = (): void => {};

/** The default: says nothing. @category Observability @since 0.1.0 */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
