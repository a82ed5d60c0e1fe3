import type { Processor, ProcessorOutput, ProcessorState } from '../../lib/state/processors/processor.js';
import { PlainState } from '../state/plain-tables.js';
import { type Answer, expectedOf } from './answers.js';
import { casesOf, type GoldenCase, type GoldenInput, type GoldenOutput, type GoldenValue } from './cases.js';
import { judge } from './judge.js';

/** One or several processors, as an operation of the goldens. */
export interface Machine {
  take(input: MachineInput, output: ProcessorOutput<GoldenValue>): void;
  /** @returns whether there is more */
  close(limit: number, output: ProcessorOutput<GoldenValue>): boolean;
  reset(): void;
}

export interface MachineInput {
  readonly side: GoldenInput[0];
  /** As bytes in latin1. */
  readonly key: string | undefined;
  readonly value: string | null;
  readonly timestamp: number;
}

/**
 * One processor, whatever the side of an input.
 *
 * @param made what it takes in place of an input; undefined: nothing
 */
export function machineOf(
  processor: Processor<string, GoldenValue>,
  made: (input: MachineInput, output: ProcessorOutput<GoldenValue>) => MachineInput | undefined = input =>
    input,
): Machine {
  return {
    take(input, output) {
      const one = made(input, output);
      if (one !== undefined) processor.take(one.key, one.value, one.timestamp, output);
    },
    close: (limit, output) => processor.close(limit, output),
    reset: () => processor.reset(),
  };
}

export type MakeMachine = (state: ProcessorState, of: GoldenCase) => Machine;

/**
 * How the inputs of a case go through a machine: through one; through two, the second of which goes on with the state of the first; through another
 * after each record and each turn of closing; or in units of work, each of which is dropped once and done again.
 */
export const ways = [
  'in one piece',
  'with a restart',
  'with a restart at each turn',
  'with units dropped',
] as const;

export type Way = (typeof ways)[number];

const INPUTS_OF_A_UNIT = 3;

/**
 * What a case's inputs come to, each closed to the end.
 *
 * @param closeLimit results of one turn of closing
 */
export function answersOf(of: GoldenCase, make: MakeMachine, way: Way, closeLimit = 2): readonly Answer[] {
  const run = new Run(of, make, closeLimit);
  const { length } = of.input;
  if (way === 'in one piece') return run.answers(0, length);
  if (way === 'with a restart at each turn') return run.answers(0, length, () => run.restart());
  if (way === 'with a restart') {
    const before = run.answers(0, of.restart.after);
    run.restart();
    return [...before, ...run.answers(of.restart.after, length)];
  }
  const answers: Answer[] = [];
  for (let from = 0; from < length; from += INPUTS_OF_A_UNIT) {
    run.answers(from, from + INPUTS_OF_A_UNIT);
    run.abort();
    answers.push(...run.answers(from, from + INPUTS_OF_A_UNIT));
    run.commit();
  }
  return answers;
}

/** The names of an operation's cases that come to something else than Kafka Streams answered. */
export function differing(op: string, make: MakeMachine, way: Way): readonly string[] {
  return casesOf(new RegExp(op))
    .filter(of => JSON.stringify(answersOf(of, make, way)) !== JSON.stringify(expectedOf(of)))
    .map(of => of.case);
}

/** The first difference of each of an operation's cases that comes to something else, where that is not meant (`differences.ts`). */
export async function unexplained(op: string, make: MakeMachine, way: Way): Promise<readonly string[]> {
  const found: string[] = [];
  for (const of of casesOf(new RegExp(op))) {
    const judged = await judge(of, answersOf(of, make, way), async one => answersOf(one, make, way));
    if (judged.is === 'failed') found.push(judged.first);
  }
  return found;
}

class Run {
  readonly #of: GoldenCase;
  readonly #make: MakeMachine;
  readonly #closeLimit: number;
  #state = new PlainState();
  #machine: Machine;

  constructor(of: GoldenCase, make: MakeMachine, closeLimit: number) {
    this.#of = of;
    this.#make = make;
    this.#closeLimit = closeLimit;
    this.#machine = make(this.#state, of);
  }

  restart(): void {
    this.#state = this.#state.restarted();
    this.#machine = this.#make(this.#state, this.#of);
  }

  abort(): void {
    this.#state.abort();
    this.#machine.reset();
  }

  commit(): void {
    this.#state.commit();
  }

  answers(from: number, to: number, betweenTurns: () => void = () => {}): readonly Answer[] {
    return this.#of.input.slice(from, to).map(([side, key, value, timestamp]) => {
      const heard = new Heard();
      this.#machine.take({ side, key: key === null ? undefined : bytesOf(key), value, timestamp }, heard);
      do betweenTurns();
      while (this.#machine.close(this.#closeLimit, heard));
      return { output: heard.output, dropped: heard.dropped };
    });
  }
}

class Heard implements ProcessorOutput<GoldenValue> {
  readonly output: GoldenOutput[] = [];
  dropped = 0;

  result(...[key, window, value, timestamp]: Parameters<ProcessorOutput<GoldenValue>['result']>): void {
    const text = textOf(key);
    const whole = window === undefined ? text : { key: text, start: window.start, end: window.end };
    this.output.push([whole, value, timestamp]);
  }

  notTaken(): void {
    this.dropped += 1;
  }
}

/** A key as tables hold it. */
function bytesOf(key: string): string {
  return Buffer.from(key, 'utf8').toString('latin1');
}

function textOf(key: string): string {
  return Buffer.from(key, 'latin1').toString('utf8');
}
