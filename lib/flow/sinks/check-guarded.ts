import { nearestName } from '../../base/nearest-name.js';
import { compilePath } from '../../card/path.js';
import { declaredShape } from '../../codecs/declared.js';
import { declaredPaths } from '../../codecs/declared-paths.js';
import { reachOf } from '../../codecs/reaches.js';
import { KafkaRxError } from '../../errors/errors.js';
import type { GuardOptions } from './guard.js';

/** Something of the topology whose values have fields: a source, a topic sink, its key, a store. */
export interface Declaring {
  readonly name: string;
  /** The codec, or the store. */
  readonly by: object;
  /** Whether the guard looks at what it writes. */
  readonly writes: boolean;
}

/**
 * Looks for misspelt paths among those that the guard was given: a field that no codec of the app declares is in no record, and
 * nothing can stand at a path that no sink declares. As long as one of them does not tell what it declares, nothing is known.
 *
 * @throws `CONFIGURATION` for what is no path, and for one that nothing declares
 */
export function checkGuarded(
  { fields = [], allow = [] }: GuardOptions,
  declaring: readonly Declaring[],
): void {
  for (const path of fields) check('fields', path, declaring);
  const writing = declaring.filter(({ writes }) => writes);
  // An app that writes nothing has no use for them, and does no harm with them.
  if (writing.length > 0) for (const path of allow) check('allow', path, writing);
}

function check(option: keyof GuardOptions, path: string, declaring: readonly Declaring[]): void {
  const { segments } = compilePath(path);
  const known = new Set<string>();
  for (const { by } of declaring) {
    const shape = declaredShape(by);
    if (shape === undefined || reachOf(shape, segments) !== 'never') return;
    for (const declared of declaredPaths(shape, segments.length + 1)) known.add(declared);
  }
  const names = [...new Set(declaring.map(({ name }) => name))].join(', ');
  const meant = nearestName(path, [...known]);
  throw new KafkaRxError(
    'CONFIGURATION',
    `guard.${option} names '${path}', which nothing declares (${names})${meant === undefined ? '' : `; '${meant}' is declared`}`,
    {
      path,
      remedy:
        meant === undefined
          ? 'Correct the path: from the root of the value, with * for all of an array or Record'
          : `Write '${meant}'`,
    },
  );
}
