import { Buffer } from 'node:buffer';
import { compare } from '../../../lib/base/compare.js';
import { having } from '../../../lib/base/option-kinds.js';
import { checkOptions } from '../../../lib/base/option-schema.js';
import type { Codec } from '../../../lib/codecs/codec.js';
import { guardable } from '../../../lib/codecs/declared.js';
import type { Aggregate, LastingAggregate } from '../../../lib/state/aggregates/aggregate.js';
import { ByteReader, block } from '../../../lib/state/aggregates/byte-reader.js';
import { guarded } from '../../../lib/state/aggregates/guarded.js';

/** Of any types: what each is handed is what it has made itself. */
type AnyAggregate = Aggregate<never, unknown, unknown>;

/** What every one of several takes: an intersection, since a parameter is where a type stands the other way. */
type ValueOfAll<P> = {
  [N in keyof P]: P[N] extends { add(aggregate: never, value: infer V, context: never): unknown }
    ? (value: V) => void
    : never;
}[keyof P] extends (value: infer V) => void
  ? V
  : never;

type ResultsOf<P> = {
  readonly [N in keyof P]: P[N] extends { result?(aggregate: never): infer R } ? R : never;
};

/** Lasting where one of the parts is. */
type AllOf<P> = true extends {
  [N in keyof P]: P[N] extends { add(aggregate: never, value: never, context: never): infer B }
    ? null extends B
      ? false
      : true
    : false;
}[keyof P]
  ? LastingAggregate<ValueOfAll<P>, readonly unknown[], ResultsOf<P>>
  : Aggregate<ValueOfAll<P>, readonly unknown[], ResultsOf<P>>;

const aggregateKind = having('an aggregate', 'initial', 'add');

/**
 * Several aggregates of the same records, as one object of their results.
 *
 * A part whose `add` gives null begins anew; when all do, the row is deleted. They can be merged, as sessions need it, if all of them can. They are
 * kept by name: to give one another name, or to add one, makes another state of it.
 *
 * @param parts by the name of each in the result
 * @example
 * ```ts
 * const sales = all({ purchases: counter(), turnover: sum((purchase: { readonly price: number }) => purchase.price) });
 * ```
 * @category State @since 0.1.0
 */
export function all<P extends Readonly<Record<string, AnyAggregate>>>(parts: P): AllOf<P> {
  checkOptions('all', Object.fromEntries(Object.keys(parts ?? {}).map(name => [name, aggregateKind])), parts);
  const names = Object.keys(parts).sort(compare);
  // By the names of `parts` itself, and each is handed its own values alone.
  const each = names.map(name => parts[name] as Aggregate<unknown, unknown, unknown>);
  const name = `all(${names.map((one, index) => `${one}: ${each[index]?.codec.name}`).join(', ')})`;
  const merging = each.every(part => part.merge !== undefined);
  const codec: Codec<readonly unknown[]> = {
    name,
    decode(bytes, at) {
      const reader = new ByteReader(name, bytes, at);
      const kept = each.map(part => part.codec.decode(reader.block(), at));
      reader.end();
      return kept;
    },
    encode: encoded(each.map(part => part.codec.encode.bind(part.codec))),
  };
  const made: Aggregate<ValueOfAll<P>, readonly unknown[], ResultsOf<P>> = {
    initial: () => each.map(part => part.initial()),
    add(before, value, context) {
      const after = each.map((part, index) => part.add(before[index], value, context));
      if (after.every(one => one === null)) return null;
      return after.map((one, index) => (one === null ? each[index]?.initial() : one));
    },
    ...(merging ? { merge: (a, b) => each.map((part, index) => part.merge?.(a[index], b[index])) } : {}),
    result: kept =>
      Object.fromEntries(
        each.map((part, index) => [names[index], part.result ? part.result(kept[index]) : kept[index]]),
        // By every name of `parts`, what its aggregate gives.
      ) as ResultsOf<P>,
    codec: guardable(codec, fields => encoded(each.map(part => guarded(part.codec, fields)))),
  };
  // It gives null where each part does, and one that is lasting never does.
  return made as AllOf<P>;
}

/** By a function for each part. */
function encoded(each: readonly ((kept: unknown) => Buffer | null)[]) {
  return (kept: readonly unknown[]): Buffer =>
    Buffer.concat(each.flatMap((encode, index) => block(encode(kept[index]))));
}
