/** Above every offset from UTC that there ever was. */
const mostOffsetMs = 16 * 3_600_000;

/** How far the local time of an IANA zone is ahead of UTC, and when that changes, as this machine's ICU knows it. */
export class ZoneOffsets {
  readonly #format: Intl.DateTimeFormat;

  /** @throws RangeError for a zone that ICU does not know */
  constructor(zone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'iso8601',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** Milliseconds to add to a moment for what the clocks show then. @throws RangeError beyond 8.64e15 */
  at(time: number): number {
    const shown: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const { type, value } of this.#format.formatToParts(time)) shown[type] = Number(value);
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = shown;
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(time / 1000) * 1000;
  }

  /** The first moment behind `from`, up to `to`, with another offset than at `from`; undefined where that of both is the same. */
  changeBetween(from: number, to: number): number | undefined {
    const offset = this.at(from);
    if (this.at(to) === offset) return undefined;
    let before = from;
    let behind = to;
    while (behind - before > 1) {
      const middle = before + Math.floor((behind - before) / 2);
      if (this.at(middle) === offset) before = middle;
      else behind = middle;
    }
    return behind;
  }

  /** The first moment at which the clocks show `local` or later: where they jump over it, that of the jump. */
  reached(local: number): number {
    const to = local + mostOffsetMs;
    for (let from = local - mostOffsetMs; ; ) {
      const shown = local - this.at(from);
      const change = this.changeBetween(from, to);
      if (change === undefined || shown < change) return Math.max(shown, from);
      from = change;
    }
  }
}
