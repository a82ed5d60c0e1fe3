import type { Subscriber } from 'rxjs';
import { disregardWithin } from '../../base/disregard.js';
import { nameKind } from '../../base/name-kinds.js';
import { call, required } from '../../base/option-kinds.js';
import { checkArgument, checkOptions, type FieldKinds, type Fields } from '../../base/option-schema.js';
import { deliveriesOf, type Verdict } from '../../flow/leases/delivery.js';
import { hostOf } from '../../flow/leases/leases.js';
import { outsideTopology } from '../../flow/leases/outside-topology.js';
import type { KafkaRecord } from '../../record/record.js';
import { errorKind, isKafkaRxError, KafkaRxError } from '../errors.js';
import { located } from '../located.js';
import { tried } from '../tried.js';
import { type Policy, verdictKind, verdictOf } from './policy.js';

/** What an operator that may fail on a record takes. */
export interface OperatorOptions {
  /** The operator's name in `describe()`, errors and dead letters. Default: its own and its function's. */
  readonly name?: string | undefined;
  /** What becomes of a record on which the function throws. Default: the app's policy for `process`. */
  readonly onError?: Verdict | undefined;
}

export const operatorOptions: Fields<OperatorOptions> = { name: nameKind, onError: verdictKind };

/**
 * A function given to an operator threw on a record: the policy decides. A record that no app delivered (a bare
 * `testRecord`) has no policy; its error goes down the stream.
 *
 * @param tries how often it was called
 */
export function processFailed(
  record: KafkaRecord,
  node: string,
  cause: unknown,
  policy: Policy | undefined,
  destination: Subscriber<never>,
  tries = 1,
): void {
  // A rejection in it is not to end the process past the policy.
  disregardWithin(record.value);
  const error = processError(record, node, cause, tries);
  const host = hostOf(record);
  if (host === undefined) destination.error(error);
  else {
    const outside = outsideTopology.has(destination);
    host.problem(
      { stage: 'process', node, error, verdict: verdictOf(policy), outside },
      record[deliveriesOf],
    );
  }
}

function processError(record: KafkaRecord, node: string, cause: unknown, tries: number): KafkaRxError {
  if (isKafkaRxError(cause)) return located(cause, node, record, tries);
  return new KafkaRxError('PROCESS', `The function of '${node}' threw ${errorKind(cause)}${tried(tries)}`, {
    at: record,
    cause,
    remedy: "Mend it, or set a policy for 'process'",
  });
}

/**
 * An operator's name with that of the function it was given, such as `project(toReward)`. Checks both that and the options
 * first: they are all that an operator is handed.
 *
 * @param fields what its options may be
 * @param defaults of these, for the remedy
 * @throws `CONFIGURATION`
 */
export function operatorName(
  operator: string,
  given: { readonly name: string },
  options: Pick<OperatorOptions, 'name'>,
  fields: FieldKinds = operatorOptions,
  defaults?: object,
): string {
  checkArgument(operator, 'the function', required(call), given);
  checkOptions(operator, fields, options, defaults);
  return options.name ?? (given.name === '' ? operator : `${operator}(${given.name})`);
}
