/** How the value of each option is read. A refusal names the option and what it takes. */
import type { DeadLetterLimit, StartFrom } from 'kafka-rx';
import { UsageError } from './usage-error.js';

/** What becomes of a record that the job cannot read. */
export type OnInvalid = 'fail' | 'skip' | 'dead-letter';

const onInvalidChoices: readonly OnInvalid[] = ['fail', 'skip', 'dead-letter'];

export function invalidPolicy(value: string, flag: string): OnInvalid {
  const choice = onInvalidChoices.find(known => known === value);
  if (choice === undefined) throw new UsageError(`${flag} must be ${inWords(onInvalidChoices)}`);
  return choice;
}

/** What a crash may do to outputs: repeat them, or nothing. */
export type Guarantee = 'at-least-once' | 'exactly-once';

const guarantees: readonly Guarantee[] = ['at-least-once', 'exactly-once'];

export function guaranteeName(value: string, flag: string): Guarantee {
  const choice = guarantees.find(known => known === value);
  if (choice === undefined) throw new UsageError(`${flag} must be ${inWords(guarantees)}`);
  return choice;
}

/** A share in percent, or none. */
export function letterLimit(value: string, flag: string): DeadLetterLimit {
  if (value === 'none') return value;
  const percent = /^\d{1,3}(?:\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  if (!(percent <= 100)) throw new UsageError(`${flag} must be a percentage from 0 to 100, or none`);
  return { share: percent / 100 };
}

/** Any text that holds more than spaces. */
export function text(value: string, flag: string): string {
  if (value.trim() === '') throw new UsageError(`${flag} needs a value`);
  return value;
}

/** One or more of `host:port`, separated by commas; an IPv6 address stands in brackets. */
export function brokerList(value: string, flag: string): readonly string[] {
  return value.split(',').map(broker => {
    const [, port] =
      /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/.exec(broker.trim()) ??
      [];
    if (port === undefined || Number(port) < 1 || Number(port) > 65_535) {
      throw new UsageError(
        `${flag} must be HOST:PORT, or several separated by commas, with ports from 1 to 65535`,
      );
    }
    return broker.trim();
  });
}

/** Longer delays overflow Node's timers, which then fire at once. */
const longestDelaySeconds = 2_147_483;

/** Seconds as a plain decimal number, read into milliseconds. */
export function idleExitMs(value: string, flag: string): number {
  const seconds = /^(?:\d+(?:\.\d*)?|\.\d+)$/.test(value) ? Number(value) : Number.NaN;
  if (!(seconds > 0 && seconds <= longestDelaySeconds)) {
    throw new UsageError(`${flag} must be a number of seconds above 0, at most ${longestDelaySeconds}`);
  }
  return seconds * 1000;
}

/** 0 asks the system for any free port. */
export function port(value: string, flag: string): number {
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535)
    throw new UsageError(`${flag} must be a port from 0 to 65535`);
  return Number(value);
}

/** Threads; more than this helps no machine. */
const mostWorkers = 256;

export function workerCount(value: string, flag: string): number {
  const count = /^\d{1,3}$/.test(value) ? Number(value) : 0;
  if (count < 1 || count > mostWorkers)
    throw new UsageError(`${flag} must be a number from 1 to ${mostWorkers}`);
  return count;
}

/** Kafka's own rule for names of topics. */
export function topicName(value: string, flag: string): string {
  if (!/^[A-Za-z0-9._-]{1,249}$/.test(value) || value === '.' || value === '..') {
    throw new UsageError(
      `${flag} must be a topic's name: 1 to 249 of letters, digits, dot, underscore and hyphen`,
    );
  }
  return value;
}

const iso =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)?)?$/;

/** ISO 8601: a day, or a day and a time; without a zone it is UTC, so that the answer is the same on every machine. */
export function instant(value: string, flag: string): Date {
  const refused = (): UsageError =>
    new UsageError(`${flag} must be a date as 1997-05-31 or a time as 1997-05-31T18:30:00Z`);
  const [, year, month, day, hour = '00', minute = '00', second = '00', zone = 'Z'] = iso.exec(value) ?? [];
  if (year === undefined || month === undefined || day === undefined) throw refused();
  // Date takes 31 February for 3 March and 24:00 for the next day: what does not read back the same is no date.
  const written = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const asUtc = new Date(`${written}Z`);
  if (Number.isNaN(asUtc.getTime()) || asUtc.toISOString().slice(0, 19) !== written) throw refused();
  const fraction = /\.\d+/.exec(value)?.[0] ?? '';
  return new Date(`${written}${fraction}${zone}`);
}

/** `earliest`, `latest`, an {@link instant}, or milliseconds since 1970. */
export function startFrom(value: string, flag: string): StartFrom {
  if (value === 'earliest' || value === 'latest') return value;
  if (/^\d{1,15}$/.test(value)) return { timestamp: Number(value) };
  let timestamp: number;
  try {
    timestamp = instant(value, flag).getTime();
  } catch {
    throw new UsageError(
      `${flag} must be earliest, latest, a date as 1997-05-31, a time as 1997-05-31T18:30:00Z, or milliseconds since 1970`,
    );
  }
  // Kafka would take a negative time for its end.
  if (timestamp < 0) throw new UsageError(`${flag} is before 1970, when there was no record: say earliest`);
  return { timestamp };
}

function inWords(choices: readonly string[]): string {
  return `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
}
