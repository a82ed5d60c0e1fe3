/** Whether a prototype is the language's own for one of these constructors, of any realm. */
export function isIntrinsic(prototype: object, names: ReadonlySet<string>): boolean {
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return (
    typeof maker === 'function' &&
    names.has(maker.name) &&
    maker.prototype === prototype &&
    // A class of the user's may have the same name.
    sourceOf(maker).endsWith('{ [native code] }')
  );
}

function sourceOf(made: object): string {
  return Function.prototype.toString.call(made);
}
