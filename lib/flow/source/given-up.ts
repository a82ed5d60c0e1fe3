/** What of a partition was given up while the app runs, and is held: it is neither under way nor ever committed. */
export interface GivenUp {
  readonly records: number;
  /** The first of them, from which on nothing is committed. */
  readonly offset: number;
  /** The sink that may end, and whose end it was that gave up the first; undefined: something else unsubscribed what took them. */
  readonly sink: string | undefined;
}

/** As errors and `health()` say it. */
export function toldGivenUp({ records, sink }: GivenUp): string {
  const what = records === 1 ? '1 record was' : `${records} records were`;
  return `${what} given up when ${sink === undefined ? 'what took them was unsubscribed' : `the sink '${sink}' ended`}`;
}
