import type { DocumentStore, StorePositions } from './port.js';
import { answer, laterAnswer } from './store-answer.js';
import { storeFailed } from './store-failed.js';

const remedy = 'Look at what its `positions` do, and at its disk and permissions';

/**
 * The positions of a store as the app asks for them: whatever they throw, and what is no answer, is an error of ours, which says
 * of which store and of what. Undefined where the store has none.
 */
export function askedPositions({
  name: store,
  positions,
}: Pick<DocumentStore<unknown>, 'name' | 'positions'>): StorePositions | undefined {
  if (positions === undefined) return undefined;
  const failed = (cause: unknown, method: string): never => {
    throw storeFailed(cause, { store, doing: `be asked for its positions (${method})`, remedy });
  };
  const call = <T>(method: string, work: () => T): T => {
    try {
      return work();
    } catch (cause) {
      return failed(cause, method);
    }
  };
  /** What it gives at once, which must be of this kind. */
  const ask = <T>(
    method: string,
    wants: string,
    isAnswer: (given: unknown) => given is T,
    work: () => unknown,
  ): T => call(method, () => answer(work(), isAnswer, store, `positions.${method}`, wants));
  /** What is durable already comes back in the same turn. */
  const later = (method: string, work: () => unknown): Promise<void> | undefined =>
    call(method, () => laterAnswer(work(), store, `positions.${method}`))?.catch(cause =>
      failed(cause, method),
    );
  const { isNew, place, standsFor, standFor, wholeFrom, beginBelow } = positions;
  return {
    get id() {
      return ask('id', 'text without white space', isWord, () => positions.id);
    },
    isNew: isNew && (() => ask('isNew', 'true or false', isFlag, () => isNew.call(positions))),
    place:
      place &&
      (() =>
        ask('place', 'text without white space, or undefined', isWordOrNone, () => place.call(positions))),
    standsFor:
      standsFor && (() => ask('standsFor', 'a list of ids', isWords, () => standsFor.call(positions))),
    standFor: standFor && (ids => later('standFor', () => standFor.call(positions, ids))),
    read: (origin, partition) =>
      ask('read', `${wantsOffset}, or undefined`, isOffsetOrNone, () => positions.read(origin, partition)),
    advance: at => later('advance', () => positions.advance(at)),
    wholeFrom:
      wholeFrom &&
      (starts => {
        // One for each, so that none is taken for another's.
        const areOffsets = (given: unknown): given is readonly number[] =>
          Array.isArray(given) && given.length === starts.length && given.every(isOffset);
        const wants = `a list with ${wantsOffset} for each position`;
        return ask('wholeFrom', wants, areOffsets, () => wholeFrom.call(positions, starts));
      }),
    beginBelow: beginBelow && (begins => later('beginBelow', () => beginBelow.call(positions, begins))),
    reincarnate: async at => later('reincarnate', () => positions.reincarnate(at)),
  };
}

const wantsOffset = 'an offset, a whole number from 0 up';

const isFlag = (given: unknown): given is boolean => typeof given === 'boolean';

/** One word of a commit's text, and no section of it. */
const isWord = (given: unknown): given is string =>
  typeof given === 'string' && given !== '' && !/\s|^kafka-rx\./u.test(given);

const isWordOrNone = (given: unknown): given is string | undefined => given === undefined || isWord(given);

const isWords = (given: unknown): given is readonly string[] => Array.isArray(given) && given.every(isWord);

const isOffset = (given: unknown): given is number => Number.isSafeInteger(given) && Number(given) >= 0;

const isOffsetOrNone = (given: unknown): given is number | undefined =>
  given === undefined || isOffset(given);
