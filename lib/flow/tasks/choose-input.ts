/** What a task knows of one of its inputs when it chooses whose record comes next. */
export interface TaskInput {
  readonly topic: string;
  readonly partition: number;
  /** Somebody hears it, and its epoch goes on; otherwise it is passed over. */
  readonly isRead: boolean;
  /** The timestamp of its next record, ms since 1970; undefined: none is here. */
  readonly head: number | undefined;
  /**
   * Whether there is more of it than what was handed out, where none is here: `more`, the broker is known to hold some; `end`, an
   * answer said that there is none; `unknown`, none has been answered yet.
   */
  readonly beyond: 'more' | 'end' | 'unknown';
  /** Since when it is known to be at its end, on the clock's monotonic time. */
  readonly endSince: number;
}

/**
 * `take`: the record of this input comes next; `wait`: for an input without one, until then on the clock's monotonic time, or until it
 * has one, whichever is first (Infinity: until it has one, or is answered); `nothing`: no input has any.
 */
export type Choice<I> =
  | { readonly kind: 'take'; readonly input: I }
  | { readonly kind: 'wait'; readonly until: number; readonly input: I }
  | { readonly kind: 'nothing' };

const nothing = { kind: 'nothing' } as const;

/**
 * Whose record a task of several inputs takes next: that with the lowest timestamp, of equal ones by topic and partition. While an
 * input has none here, nobody knows whether its next one is older, so that the task waits for what the broker is known to hold
 * (KIP-695), and beyond that as long as it is told to.
 *
 * @param maxIdleMs milliseconds to wait for an input that is at its end; 0: not at all; -1: for none, also where the broker holds more
 * @param now on the clock's monotonic time; anything where all of them have a record
 */
export function chooseInput<I extends TaskInput>(
  inputs: readonly I[],
  maxIdleMs: number,
  now: number,
): Choice<I> {
  let first: I | undefined;
  let awaited: I | undefined;
  let until = now;
  for (const input of inputs) {
    if (!input.isRead) continue;
    if (input.head !== undefined) {
      if (first === undefined || isBefore(input, first)) first = input;
      continue;
    }
    const waits = waitsUntil(input, maxIdleMs);
    if (waits <= until) continue;
    awaited = input;
    until = waits;
  }
  if (first === undefined) return nothing;
  return awaited === undefined ? { kind: 'take', input: first } : { kind: 'wait', until, input: awaited };
}

function waitsUntil({ beyond, endSince }: TaskInput, maxIdleMs: number): number {
  if (maxIdleMs < 0) return Number.NEGATIVE_INFINITY;
  return beyond === 'end' ? endSince + maxIdleMs : Number.POSITIVE_INFINITY;
}

function isBefore(one: TaskInput, other: TaskInput): boolean {
  const [a = 0, b = 0] = [one.head, other.head];
  if (a !== b) return a < b;
  return one.topic === other.topic ? one.partition < other.partition : one.topic < other.topic;
}
