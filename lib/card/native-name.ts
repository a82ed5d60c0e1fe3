/**
 * The name of a function of the engine's, empty for a bound one or a Proxy of one; undefined for one that is written in JavaScript.
 * Told by its source, which nobody can make to look like that: its `name` may say anything.
 */
export function nativeName(made: object): string | undefined {
  return native.exec(Function.prototype.toString.call(made))?.[1];
}

const native = /^function (.*)\(\) \{ \[native code\] \}$/;
