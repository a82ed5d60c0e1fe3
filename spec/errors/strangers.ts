/** Things that somebody may throw, and that fight back when somebody looks at them. */
import { runInNewContext } from 'node:vm';
import { KafkaRxError } from 'kafka-rx';

const refuse = (): never => {
  throw new Error('hands off');
};
const trap: ProxyHandler<object> = Object.fromEntries(
  Object.getOwnPropertyNames(Reflect).map(name => [name, refuse]),
);
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const withGetter = (thing: object, ...keys: string[]): object => {
  // V8 asks a getter of `stack` once when it is put there.
  let armed = false;
  for (const key of keys) Object.defineProperty(thing, key, { get: () => (armed ? refuse() : undefined) });
  armed = true;
  return thing;
};
const brand = Symbol.for('kafka-rx.error');

/** Each by what it is; made anew for each test. */
export const strangers: readonly [string, () => unknown][] = [
  ['a Proxy of which every trap throws', () => new Proxy({}, trap)],
  ['a Proxy of a function', () => new Proxy(() => {}, trap)],
  ['a Proxy of an error of ours', () => new Proxy(new KafkaRxError('STORE', 'ours'), trap)],
  [
    'a Proxy that says it is ours and then throws',
    () => new Proxy({}, { ...trap, get: (_, key) => key === brand || refuse() }),
  ],
  [
    'a Proxy that answers everything with itself',
    () => {
      const p: object = new Proxy({}, { get: () => p, getPrototypeOf: refuse });
      return p;
    },
  ],
  ['a revoked Proxy', revoked],
  [
    'an error whose cause and errors are revoked Proxies',
    () => Object.assign(new Error('x', { cause: revoked() }), { errors: revoked() }),
  ],
  [
    'an error with an array of errors that throws',
    () => Object.assign(new Error('x'), { errors: new Proxy([1], trap) }),
  ],
  [
    'an error whose array has a getter that throws',
    () => Object.assign(new Error('x'), { errors: withGetter([1], '0', 'slice') }),
  ],
  [
    'an error with getters that throw',
    () =>
      withGetter(
        new Error('x'),
        'message',
        'stack',
        'cause',
        'name',
        'code',
        'toString',
        'retriable',
        'type',
      ),
  ],
  [
    'an error of ours with getters that throw',
    () => withGetter(new KafkaRxError('STORE', 'ours'), 'message', 'stack'),
  ],
  [
    'an error of ours whose path is a getter that throws',
    () => withGetter(new KafkaRxError('STORE', 'ours'), 'cause', 'toString', 'then'),
  ],
  [
    'an error of ours whose message is no text',
    () => Object.assign(new KafkaRxError('STORE', 'ours'), { message: Symbol('m') }),
  ],
  ['an object that says it is ours', () => ({ [brand]: true })],
  ['a frozen error', () => Object.freeze(new Error('x'))],
  ['a frozen error of ours', () => Object.freeze(new KafkaRxError('STORE', 'ours'))],
  ['an object without a prototype', () => Object.create(null)],
  ['an error of another realm', () => runInNewContext("new Error('x')") as unknown],
  ['a frozen error of another realm', () => runInNewContext("Object.freeze(new TypeError('x'))") as unknown],
  ['null', () => null],
  ['undefined', () => undefined],
  ['a symbol', () => Symbol('s')],
  ['a bigint', () => 1n],
  ['an empty text', () => ''],
];
