import { KafkaRxError } from '../errors/errors.js';
import type { MaskedField } from './masked-field.js';

/** Of one path. A function of the user's made anew for each record is another way each time: then the latest count. */
const mostWays = 32;
/** Paths that come with the records would have no end. */
const mostPaths = 1000;

/** The fields that a topology masks: each path once, with all the ways in which it is masked, also those of later. */
export class MaskedFields {
  readonly #fields = new Map<string, Field>();
  #changed: () => void = () => {};

  /** Called when there is a path that was not there before, or one is of card numbers now. */
  onChange(changed: () => void): void {
    this.#changed = changed;
  }

  get all(): readonly MaskedField[] {
    return [...this.#fields.values()];
  }

  /** @throws `CONFIGURATION` for a path too many */
  add(masks: readonly MaskedField[]): void {
    let changed = false;
    for (const mask of masks) changed = this.#add(mask) || changed;
    if (changed) this.#changed();
  }

  #add({ path, card, isMasked, way = isMasked, masksOf }: MaskedField): boolean {
    const known = this.#fields.get(path);
    if (known === undefined && this.#fields.size >= mostPaths) {
      throw new KafkaRxError('CONFIGURATION', `More than ${mostPaths} paths are masked`, {
        remedy: 'Mask with paths of the topology, and * for names that only the record knows',
      });
    }
    const field = known ?? new Field(path);
    if (known === undefined) this.#fields.set(path, field);
    field.addWay(way, { isMasked, masksOf });
    if (known !== undefined && (known.card || !card)) return false;
    field.card ||= card;
    return true;
  }
}

type Way = Pick<MaskedField, 'isMasked' | 'masksOf'>;

class Field implements MaskedField {
  card = false;
  /** By what tells them apart, in the order in which they came. */
  readonly #known = new Map<unknown, Way>();
  /** The same: a list is quicker to go through. */
  #ways: readonly ((text: string) => boolean)[] = [];
  #last: string | undefined;
  /** Bound: handed on as a function. */
  readonly isMasked = (text: string): boolean => this.#isMasked(text);
  readonly masksOf = (text: string): readonly string[] => this.#masksOf(text);

  constructor(readonly path: string) {}

  addWay(way: unknown, how: Way): void {
    if (this.#known.has(way)) return;
    if (this.#known.size === mostWays) {
      const [first] = this.#known.keys();
      this.#known.delete(first);
      // It may have been that one's.
      this.#last = undefined;
    }
    this.#known.set(way, how);
    this.#ways = Array.from(this.#known.values(), ({ isMasked }) => isMasked);
  }

  #masksOf(text: string): readonly string[] {
    return [...this.#known.values()].flatMap(({ masksOf }) => {
      try {
        return masksOf?.(text) ?? [];
      } catch {
        // A function of the user's, of which this is no text.
        return [];
      }
    });
  }

  /** Any way will do. Several sinks are handed the one value: the text found masked last is not asked about again. */
  #isMasked(text: string): boolean {
    if (text === this.#last) return true;
    // A loop: a function that captured the text would have it on the heap for each record.
    for (const isMasked of this.#ways) {
      if (!isMasked(text)) continue;
      this.#last = text;
      return true;
    }
    return false;
  }
}
