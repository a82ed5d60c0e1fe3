/**
 * What can go wrong around the real broker, told in one line: what, where, what to do. The command line prints the
 * message alone; tests may ask for the `code`.
 */
export type HarnessErrorCode =
  | 'prerequisite' // java or mvn is missing or too old
  | 'download' // the jars could not be fetched
  | 'lock' // another process holds a lock for too long
  | 'port' // the wished port is taken
  | 'foreign' // another Kafka answers on our port
  | 'start' // a node did not become ready, or could not be prepared
  | 'tool' // one of Kafka's own tools failed
  | 'usage'; // an option that cannot be

export class HarnessError extends Error {
  override readonly name = 'HarnessError';
  readonly code: HarnessErrorCode;

  constructor(code: HarnessErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
