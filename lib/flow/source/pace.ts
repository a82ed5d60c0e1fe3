/** How long one turn of the source may last, and when it counts as idle. */
export interface Pace {
  readonly turnMs: number;
  readonly turnRecords: number;
  readonly idleMs: number;
  /** At a bound and in a drain, lease holders are told to flush again and again: others may have handed on to them. */
  readonly flushMs: number;
}
