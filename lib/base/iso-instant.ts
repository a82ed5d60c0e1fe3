/**
 * ISO 8601 in the extended form as an instant: a date, which is midnight UTC, or a date and time with an offset. A time
 * without one would be another instant on each machine, so it is none; nor is a date that is in no calendar.
 *
 * @returns milliseconds since 1970; undefined where the text names no instant
 */
export function isoInstant(text: string): number | undefined {
  if (!isIsoInstant(text)) return undefined;
  const instant = Date.parse(text);
  return Number.isNaN(instant) ? undefined : instant;
}

const form =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d))?$/;

/** Whether {@link isoInstant} knows the text. */
export function isIsoInstant(text: string): boolean {
  if (!form.test(text)) return false;
  // `Date.parse` takes 30 February for 2 March; up to the 28th every month has the day.
  const day = Number(text.slice(8, 10));
  return day <= 28 || day <= daysIn(Number(text.slice(0, 4)), Number(text.slice(5, 7)));
}

/** Day 0 of the next month is this month's last. */
function daysIn(year: number, month: number): number {
  const last = new Date(0);
  last.setUTCFullYear(year, month, 0);
  return last.getUTCDate();
}
