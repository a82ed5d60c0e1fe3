import { defaults } from '../../app/defaults.js';
import { doublingMs } from '../../base/backoff.js';
import { call, kind, milliseconds, oneOf, required, shape, whole, written } from '../../base/option-kinds.js';
import { checkOptions, type Fault, type Fields, isPlainObject, type Kind } from '../../base/option-schema.js';
import type { RetrySchedule, Stage, Verdict } from '../../flow/leases/delivery.js';

/**
 * What becomes of a record that fails at a stage.
 *
 * - `'fail'` (the default): the app stops, commits nothing past the record, and `run()` rejects with an error that says
 *   which record of which topic, partition and offset, and what to do.
 * - `'skip'`: the record is dropped and counted; its offset is committed.
 * - `'dead-letter'`: the record's coordinates and reason, and what `deadLetters.payload` allows of it (by default a redacted
 *   copy of what is JSON), go to the dead-letter topic; its offset is committed once that is acknowledged.
 * - `retry(…)`: tried again with backoff, then one of the three. Given to what waits: `onError` of `mapAsync` and
 *   `app.each`, `onStoreError` of `app.store`, and `policies.process` and `policies.store`, which hold for these; under
 *   `policies.process` a synchronous step goes straight to `otherwise`. Nowhere else: sends are tried again by the driver
 *   until the delivery timeout.
 *
 * @category Policies @since 0.1.0
 */
export type Policy = Verdict | RetrySchedule;

/** The stages at which something waits that can be tried again. */
type WaitingStage = 'process' | 'store';

/** A policy for each stage; left out: `'fail'`. `retry(…)` for `process` and `store` alone. */
export type Policies = {
  readonly [S in Stage]?: (S extends WaitingStage ? Policy : Verdict) | undefined;
};

/** @category Policies @since 0.1.0 */
export interface RetryOptions {
  /** Tries after the first, at least 1. Default 5. */
  readonly attempts?: number | undefined;
  /** Milliseconds before the first retry; doubles with each. Default 100. */
  readonly initialDelayMs?: number | undefined;
  /** Milliseconds that no delay exceeds. Default 10,000. */
  readonly maxDelayMs?: number | undefined;
  /** What becomes of the record when all tries failed. Default `'fail'`. */
  readonly otherwise?: Verdict | undefined;
}

const verdictNames: readonly Verdict[] = ['fail', 'skip', 'dead-letter'];

const verdicts = oneOf(...verdictNames);

/** What a policy may be where nothing waits. */
export const verdictKind: Kind = kind(verdicts.wants, value =>
  isPlainObject(value) && 'attempts' in value ? triesNothing : verdicts.fault(value),
);

const triesNothing: Fault = {
  path: '',
  what: `must be ${verdicts.wants}, and is a retry: nothing is tried again there`,
  remedy:
    'retry(…) can be given to mapAsync and app.each (onError), app.store (onStoreError), and to policies.process and policies.store, which hold for these; sends are tried again by the driver',
};

const attemptsKind = whole(1, { endless: true });

export const retryOptions: Fields<RetryOptions> = {
  attempts: attemptsKind,
  initialDelayMs: milliseconds(0),
  maxDelayMs: milliseconds(0),
  otherwise: verdictKind,
};

const schedule: Fields<RetrySchedule> = {
  attempts: required(attemptsKind),
  delayMs: required(call),
  otherwise: required(verdictKind),
};

const scheduleKind = shape(schedule);

/** What `retry(…)` gives is told by its form: another copy of the library may have made it. */
export const policyKind: Kind = kind(`${verdicts.wants} or what retry() gives`, value => {
  const isNone = verdicts.fault(value) !== undefined && scheduleKind.fault(value) !== undefined;
  if (!isNone) return undefined;
  // What was meant is a call; its form is nobody's to write.
  const isMeant = isPlainObject(value) || value === retry || value === 'retry';
  if (!isMeant) return written(policyKind.wants, value);
  const { what } = written(policyKind.wants, value);
  return {
    path: '',
    what,
    remedy:
      'Write retry({ attempts, initialDelayMs, maxDelayMs, otherwise }), a call of what kafka-rx exports',
  };
});

/**
 * Tries again with exponential backoff: `initialDelayMs · 2^(n-1)`, capped. Worst case in all for the defaults, without
 * the work itself: 100 + 200 + 400 + 800 + 1,600 ms = 3.1 s. No jitter: one process, and tests that repeat.
 *
 * @throws `CONFIGURATION` for options that cannot be
 * @category Policies @since 0.1.0
 */
export function retry(options: RetryOptions = {}): RetrySchedule {
  checkOptions('retry', retryOptions, options, defaults.retry);
  const {
    attempts = defaults.retry.attempts,
    initialDelayMs = defaults.retry.initialDelayMs,
    maxDelayMs = defaults.retry.maxDelayMs,
    otherwise = defaults.retry.otherwise,
  } = options;
  return {
    attempts,
    otherwise,
    delayMs: attempt => doublingMs(attempt, initialDelayMs, maxDelayMs),
  };
}

const stages: Fields<Policies> = {
  decode: verdictKind,
  process: policyKind,
  encode: verdictKind,
  produce: verdictKind,
  store: policyKind,
};

export const policiesKind: Kind = shape(stages);

export function isRetry(policy: Policy | undefined): policy is RetrySchedule {
  return typeof policy === 'object';
}

/** What a policy comes to where nothing can wait. */
export function verdictOf(policy: Policy | undefined): Verdict | undefined {
  return isRetry(policy) ? policy.otherwise : policy;
}
