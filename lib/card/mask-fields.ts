import type { OperatorFunction } from 'rxjs';
import { operatorObservable, placeOfAny } from '../app/topology/topology-observable.js';
import { anyText, either, flag, list, required } from '../base/option-kinds.js';
import { checkArgument, type Fields } from '../base/option-schema.js';
import { receive } from '../base/receive.js';
import { declare, declaredShape } from '../codecs/declared.js';
import { declaredNames, reachOf } from '../codecs/reaches.js';
import type { Shape } from '../codecs/shape.js';
import { KafkaRxError } from '../errors/errors.js';
import { type OperatorOptions, operatorOptions, processFailed } from '../errors/policies/process-failed.js';
import { hostOf, refuseThing } from '../flow/leases/leases.js';
import { isRecord } from '../record/is-record.js';
import type { KafkaRecord } from '../record/record.js';
import { maskAt } from './mask-at.js';
import type { Masked } from './masked.js';
import { type CompiledPath, compilePath } from './path.js';
import { presenceOf } from './presence.js';

/** How a field's text is replaced, and known as replaced. */
export interface Replacement {
  /** What is replaced are card numbers; else text of any form. */
  readonly card: boolean;
  /** See `MaskedField.way`. */
  readonly way?: unknown;
  /** Gives text that `isMasked` takes; throws where it cannot. */
  mask(text: string): string;
  isMasked(text: string): boolean;
}

/** @category Operators @since 0.1.0 */
export interface FieldOptions extends OperatorOptions {
  /**
   * The fields may be missing in every record. Default false: until a path has been there once, a record that lacks it is a
   * `process` problem, since a misspelt path masks nothing. Not asked where the source's codec declares the fields.
   */
  readonly optional?: boolean | undefined;
}

const pathsKind = required(either(anyText, list(anyText)));

export const fieldOptions: Fields<FieldOptions> = { ...operatorOptions, optional: flag };

/**
 * The operator behind `mask` and `tokenize`: replaces text at paths, and has every sink refuse it unreplaced.
 *
 * @throws `CONFIGURATION`, while it is wired, for a path that the source's codec does not declare
 */
export function maskFields<K, V, P extends string, As extends string>(
  operator: string,
  paths: P | readonly P[],
  { card, mask, isMasked, way }: Replacement,
  options: FieldOptions,
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<K, Masked<V, P, As>>> {
  checkArgument(operator, 'the path', pathsKind, paths);
  const fields: readonly string[] = typeof paths === 'string' ? [paths] : (paths as readonly P[]);
  if (fields.length === 0) {
    throw new KafkaRxError('CONFIGURATION', `${operator} was given no path: it would replace nothing`, {
      remedy: `Name what is to be replaced, such as ${operator}('card')`,
    });
  }
  const compiled = fields.map(compilePath);
  const masksOf = card ? undefined : (text: string) => [mask(text)];
  const masks = fields.map(path => ({ path, card, isMasked, way, masksOf }));
  const { name = `${operator}(${fields.join(',')})`, onError, optional = false } = options;
  return source => {
    const shape = declaredShape(source);
    if (shape !== undefined) checkDeclared(name, compiled, shape);
    // A path of which nothing declares that it can be there.
    const asked = compiled.filter(
      ({ segments }) => !optional && (shape === undefined || reachOf(shape, segments) === 'open'),
    );
    // Inside a function no graph tells whose pipe it is: the records do.
    const isPlaced = placeOfAny(source) !== undefined;
    const masked = operatorObservable<KafkaRecord<K, Masked<V, P, As>>>(
      { name, onError },
      [source],
      (subscriber, node) => {
        let unseen: readonly CompiledPath[] = asked;
        let told = isPlaced;
        receive(source, subscriber, record => {
          if (!isRecord(record)) {
            refuseThing(record, node, subscriber);
            return;
          }
          let value: Masked<V, P, As>;
          try {
            if (!told) {
              told = true;
              hostOf(record)?.protect(masks);
            }
            if (unseen.length > 0) unseen = stillUnseen(unseen, record.value);
            // maskAt replaces exactly the fields that Masked gives another type.
            value = maskAt(record.value, compiled, mask) as Masked<V, P, As>;
          } catch (cause) {
            processFailed(record, node, cause, onError, subscriber);
            return;
          }
          subscriber.next(record.withValue(value));
        });
      },
      masks,
    );
    // Other text stands in the same fields.
    return declare(masked, shape);
  };
}

function checkDeclared(operator: string, paths: readonly CompiledPath[], shape: Shape): void {
  for (const { path, segments } of paths) {
    if (reachOf(shape, segments) !== 'never') continue;
    throw new KafkaRxError('CONFIGURATION', `${operator}: its source has no field '${path}'`, {
      path,
      remedy: `Correct the path; what is declared there: ${declaredNames(shape, segments).join(', ')}`,
    });
  }
}

/** The paths that no record had so far; throws `PROCESS` for one that this record lacks. */
function stillUnseen(paths: readonly CompiledPath[], value: unknown): readonly CompiledPath[] {
  return paths.filter(({ path, segments }) => {
    const presence = presenceOf(value, segments);
    if (presence !== 'missing') return presence === 'unknown';
    throw new KafkaRxError('PROCESS', `No record so far has the field '${path}', which is to be masked`, {
      path,
      remedy: `Correct the path, or say that it may be missing: { optional: true }`,
    });
  });
}
