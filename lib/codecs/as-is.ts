import { fieldsOf, membersOf, partsOf } from './io-ts-shape.js';

/**
 * Whether an io-ts codec changes nothing but undeclared fields: then `is` decides as `decode` does at a fraction of its
 * cost (no context is built), and `encode` need not be called at all.
 *
 * Known by `_tag`, and by the source text of `encode` and the binding of `decode`, since io-ts-types' `withEncode`,
 * `withValidate` and the like replace these and keep the tag. A codec that was minified, wrapped or is unknown counts
 * as one that changes values, which costs time and nothing else.
 *
 * @internal
 */
export function isAsIs(codec: unknown): boolean {
  return check(codec, new Set());
}

/** `a => a` in any spelling. */
const identity = /^(?:function\s*)?\(?\s*([\w$]+)\s*\)?\s*(?:=>)?\s*\{?\s*(?:return\s)?\s*\1\s*;?\s*\}?$/;

/** What io-ts 2's own encoders of structures call; one that somebody put in their place does not. */
const ownEncode: Readonly<Record<string, RegExp>> = {
  ExactType: /codec\.encode\(stripKeys\(/,
  InterfaceType: /types\[i\]\.encode/,
  PartialType: /types\[i\]\.encode/,
  ArrayType: /\.map\(item\.encode\)/,
  ReadonlyArrayType: /\.map\(item\.encode\)/,
  TupleType: /type\.encode\(a\[i\]\)/,
  UnionType: /codecs\[i\]\.encode\(a\)|codec\.encode\(a\)/,
  IntersectionType: /mergeAll\)?\(a, codecs\.map\(/,
  DictionaryType: /stripNonDomainKeys\(a, domain\)|codec\.encode\(stripKeys\(/,
  RecursiveType: /runDefinition\(\)\.encode\(a\)/,
};

function check(codec: unknown, seen: Set<unknown>): boolean {
  if (seen.has(codec)) return true;
  seen.add(codec);
  const { _tag, type, domain, codomain, decode, encode, is } = partsOf(codec);
  // `Type`'s constructor binds its own decode; a replacement is a function of its own.
  if (typeof decode !== 'function' || !decode.name.startsWith('bound ') || typeof is !== 'function')
    return false;
  if (typeof encode !== 'function' || typeof _tag !== 'string') return false;
  const source = Function.prototype.toString.call(encode);
  switch (_tag) {
    case 'StringType':
    case 'NumberType':
    case 'BooleanType':
    case 'NullType':
    case 'LiteralType':
    case 'KeyofType':
    case 'UnknownType':
    case 'AnyType':
    case 'AnyArrayType':
    case 'AnyDictionaryType':
      return identity.test(source);
    case 'RefinementType':
    case 'ReadonlyType':
      // Both take over the encode of what they wrap.
      return encode === partsOf(type).encode && check(type, seen);
    case 'InterfaceType':
    case 'PartialType':
      return own(_tag, source) && fieldsOf(codec).every(([, field]) => check(field, seen));
    case 'ExactType':
    case 'RecursiveType':
    case 'ArrayType':
    case 'ReadonlyArrayType':
      return own(_tag, source) && check(type, seen);
    case 'DictionaryType':
      return own(_tag, source) && check(domain, seen) && check(codomain, seen);
    case 'TupleType':
    case 'UnionType':
    case 'IntersectionType':
      return own(_tag, source) && membersOf(codec).every(member => check(member, seen));
    default:
      return false;
  }
}

function own(tag: string, source: string): boolean {
  return identity.test(source) || ownEncode[tag]?.test(source) === true;
}
