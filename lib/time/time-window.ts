/**
 * A stretch of event time, milliseconds since 1970. Of tumbling, hopping, calendar and unlimited windows the end is the first moment behind it; of sliding
 * windows and sessions the last in it, as Kafka Streams has them.
 */
export interface TimeWindow {
  readonly start: number;
  /** Of unlimited windows Infinity. */
  readonly end: number;
}
