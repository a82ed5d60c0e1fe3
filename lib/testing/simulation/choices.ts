import { Random } from './random.js';

/** What was chosen, under each label in the order of asking; trailing zeros are left out. */
export type ChosenValues = Readonly<Record<string, readonly number[]>>;

/** Something that could happen now: the next on a channel of somebody's. */
export interface ReadyChannel {
  readonly name: string;
  /** What happens on channels of different actors commutes: each only adds to what the other takes from. */
  readonly actor: object;
}

/**
 * Everything in a run that could have gone another way asks here. 0 is always the plain answer (first come, first served; no
 * fault), so that a run is made simpler by turning answers into 0.
 */
export interface Choices {
  /** A whole number from 0 to `n` - 1. */
  pick(label: string, n: number): number;
  /** Which of these goes on: one that comes to the head of a channel stays there until it is its turn. */
  order(ready: readonly ReadyChannel[]): number;
  /** Whether something with this probability happens: 0 or 1 among what was chosen. */
  happens(label: string, probability: number): boolean;
  /** A whole number from 0 to `most`, drawn so that each order of magnitude is as likely as the next. */
  size(label: string, most: number): number;
  readonly chosen: ChosenValues;
}

abstract class Recording implements Choices {
  readonly #chosen = new Map<string, { asked: number; readonly values: Map<number, number> }>();

  /** The answer to the question number `ordinal` under this label. */
  protected abstract answer(
    label: string,
    ordinal: number,
    n: number,
    draw: (random: Random) => number,
  ): number;

  pick(label: string, n: number): number {
    return n < 2 ? 0 : this.#ask(label, n, random => random.below(n));
  }

  order(ready: readonly ReadyChannel[]): number {
    return this.pick('schedule', ready.length);
  }

  happens(label: string, probability: number): boolean {
    return this.#ask(label, 2, random => (random.happens(probability) ? 1 : 0)) === 1;
  }

  size(label: string, most: number): number {
    return this.#ask(label, most + 1, random => Math.round(random.logUniform(1, most + 1)) - 1);
  }

  get chosen(): ChosenValues {
    const all: Record<string, number[]> = {};
    for (const [label, { values }] of this.#chosen) {
      if (values.size === 0) continue;
      const list: number[] = new Array(Math.max(...values.keys()) + 1).fill(0);
      for (const [ordinal, value] of values) list[ordinal] = value;
      all[label] = list;
    }
    return all;
  }

  #ask(label: string, n: number, draw: (random: Random) => number): number {
    let of = this.#chosen.get(label);
    if (of === undefined) {
      of = { asked: 0, values: new Map() };
      this.#chosen.set(label, of);
    }
    const ordinal = of.asked++;
    const value = this.answer(label, ordinal, n, draw);
    if (value !== 0) of.values.set(ordinal, value);
    return value;
  }
}

/** Draws from a seed, the schedule and the faults each from a generator of their own. */
export class DrawnChoices extends Recording {
  readonly #schedule: Random;
  readonly #faults: Random;

  constructor(seed: number) {
    super();
    this.#schedule = new Random(seed, 'schedule');
    this.#faults = new Random(seed, 'faults');
  }

  protected answer(label: string, _ordinal: number, _n: number, draw: (random: Random) => number): number {
    return draw(label.startsWith('schedule') ? this.#schedule : this.#faults);
  }
}

/** Answers as noted, and 0 where nothing is noted or the note does not fit the question any more. */
export class NotedChoices extends Recording {
  readonly #noted: ChosenValues;

  constructor(noted: ChosenValues) {
    super();
    this.#noted = noted;
  }

  protected answer(label: string, ordinal: number, n: number): number {
    const value = this.#noted[label]?.[ordinal] ?? 0;
    return value < n ? value : 0;
  }
}

/**
 * All answers in turn, as an odometer: construct it anew for each run with what `following` of the one before returned, until
 * that is undefined. For runs that are small enough to be tried in every order. Sizes are not tried: they are all 0.
 *
 * Of orders that differ only in which of two actors' steps came first, one is tried (sleep sets, after Godefroid): a step that was
 * tried elsewhere first sleeps until something that it does not commute with has happened.
 */
export class EnumeratedChoices extends Recording {
  readonly #given: readonly number[];
  readonly #sizes: number[] = [];
  readonly #answers: number[] = [];
  /** While it is not, every answer is 0, and no other is tried. */
  isOpen = true;
  readonly #asleep = new Map<string, object>();
  #isRedundant = false;

  constructor(given: readonly number[] = []) {
    super();
    this.#given = given;
  }

  /** All that could have gone on was tried elsewhere: the run is none of its own. */
  get isRedundant(): boolean {
    return this.#isRedundant;
  }

  override order(ready: readonly ReadyChannel[]): number {
    if (!this.isOpen) return 0;
    const awake = ready.filter(({ name }) => !this.#asleep.has(name));
    const chosen = this.pick('schedule', awake.length);
    const one = awake[chosen];
    if (one === undefined) {
      this.#isRedundant = true;
      this.isOpen = false;
      return 0;
    }
    for (const { name, actor } of awake.slice(0, chosen)) this.#asleep.set(name, actor);
    for (const [name, actor] of this.#asleep) if (actor === one.actor) this.#asleep.delete(name);
    return ready.indexOf(one);
  }

  override happens(label: string, probability: number): boolean {
    // What cannot be, and what must be, is no choice.
    const it = probability > 0 && (probability >= 1 || super.happens(label, probability));
    // A fault commutes with nothing.
    if (it) this.#asleep.clear();
    return it;
  }

  override size(): number {
    return 0;
  }

  protected answer(_label: string, _ordinal: number, n: number): number {
    if (!this.isOpen) return 0;
    const value = this.#given[this.#answers.length] ?? 0;
    this.#sizes.push(n);
    this.#answers.push(value);
    return value;
  }

  /** The answers to begin the next run with; undefined when all have been tried. */
  get following(): readonly number[] | undefined {
    for (let at = this.#answers.length - 1; at >= 0; at--) {
      const value = this.#answers[at] ?? 0;
      if (value + 1 < (this.#sizes[at] ?? 0)) return [...this.#answers.slice(0, at), value + 1];
    }
    return undefined;
  }
}
