/**
 * Standard Schema v1 (https://standardschema.dev), which zod, valibot, arktype and others implement: the part that
 * {@link json} uses, typed structurally.
 *
 * @typeParam Input what validates
 * @typeParam Output what validation gives
 * @category Codecs @since 0.1.0
 */
export interface StandardSchema<Input, Output> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** @category Codecs @since 0.1.0 */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** @category Codecs @since 0.1.0 */
export interface StandardIssue {
  /** Never read: a validator's message may quote the value. */
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** @internal */
export function isStandardSchema(type: object): type is StandardSchema<unknown, unknown> {
  return '~standard' in type;
}

const plainName = /^[A-Za-z_$][\w$-]{0,39}$/;
const digitRun = /[0-9]{4}/;

/**
 * Where a schema was not met. A path's keys may come from the record, a dictionary's do, and a schema does not tell
 * which: what is not an index or a plain name without a run of four digits is shown as `*`.
 *
 * @internal
 */
export function issuePath(issues: readonly StandardIssue[]): string {
  const [first] = issues;
  return (first?.path ?? []).map(step => segment(typeof step === 'object' ? step.key : step)).join('.');
}

function segment(key: PropertyKey): string {
  if (typeof key === 'number') return String(key);
  return typeof key === 'string' && plainName.test(key) && !digitRun.test(key) ? key : '*';
}
