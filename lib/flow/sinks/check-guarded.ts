import { compilePath } from '../../card/path.js';
import { declaredShape } from '../../codecs/declared.js';
import { reachOf } from '../../codecs/reaches.js';
import { KafkaRxError } from '../../errors/errors.js';

/** Something of the topology whose values have fields: a source, a topic sink, a store. */
export interface Declaring {
  readonly name: string;
  /** The codec, or the store. */
  readonly by: object;
}

/**
 * Looks for misspelt paths among those that the guard was given: a field that no codec of the app declares is in no record.
 * As long as one of them does not tell what it declares, nothing is known.
 *
 * @throws `CONFIGURATION` for what is no path, and for one that nothing declares
 */
export function checkGuarded(fields: readonly string[], declaring: readonly Declaring[]): void {
  for (const path of fields) {
    const { segments } = compilePath(path);
    const somebodyHas = declaring.some(({ by }) => {
      const shape = declaredShape(by);
      return shape === undefined || reachOf(shape, segments) !== 'never';
    });
    if (somebodyHas) continue;
    const names = [...new Set(declaring.map(({ name }) => name))].join(', ');
    throw new KafkaRxError(
      'CONFIGURATION',
      `guard.fields names '${path}', which nothing declares (${names})`,
      {
        path,
        remedy: 'Correct the path: from the root of the value, with * for all of an array or Record',
      },
    );
  }
}
