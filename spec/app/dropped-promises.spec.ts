/** A promise in what was refused, or thrown: the policy deals with its record, and its rejection does not end the process. */
import * as t from 'io-ts';
import { type App, json, string } from 'kafka-rx';
import { mapValue, mask } from 'kafka-rx/operators';
import { testApp } from 'kafka-rx/testing';

const unheard: unknown[] = [];
const hear = (reason: unknown) => unheard.push(reason);
beforeAll(() => process.on('unhandledRejection', hear));
afterAll(() => process.off('unhandledRejection', hear));

const reject = async (): Promise<never> => {
  throw new Error('late');
};
const P = t.type({ e: t.string });

function writing(value: () => unknown, as: t.Mixed = t.unknown): (app: App) => unknown {
  return app =>
    app
      .topic('in', { value: string })
      .pipe(mapValue(() => value() as never))
      .subscribe(app.to('out', { value: json(as) as never, onEncodeError: 'skip' }));
}

function throwing(thrown: () => unknown): (app: App) => unknown {
  const fails = (): string => {
    throw thrown();
  };
  return app =>
    app
      .topic('in', { value: string })
      .pipe(mapValue(fails, { onError: 'skip' }))
      .subscribe(app.each(() => {}));
}

test.each<[string, (app: App) => unknown]>([
  ['a promise in a field', writing(() => ({ user: reject() }))],
  ['others beside it', writing(() => ({ user: reject(), more: [{ a: reject() }, reject()] }))],
  ['a promise beside something else that is refused', writing(() => ({ a: () => {}, user: reject() }))],
  ['a promise in what is not of the type', writing(() => ({ e: 1, user: reject() }), P)],
  [
    'a promise of an accessor',
    writing(() => ({
      get user() {
        return reject();
      },
    })),
  ],
  ['an asynchronous toJSON', writing(() => ({ user: { toJSON: reject } }))],
  [
    'a promise in a codec of somebody else',
    app =>
      app
        .topic('in', { value: string })
        .pipe(mapValue(() => ({ a: reject() })))
        .subscribe(
          app.to('out', {
            value: {
              ...string,
              encode: () => {
                throw new Error('no');
              },
            } as never,
            onEncodeError: 'skip',
          }),
        ),
  ],
  [
    'an asynchronous pattern',
    app =>
      app
        .topic('in', { value: json(P) })
        .pipe(mask('e', { pattern: reject as never, onError: 'skip' }))
        .subscribe(app.to('out', { value: json(P) as never })),
  ],
  ['a promise that is thrown', throwing(reject)],
  ['a promise as the cause of what is thrown', throwing(() => new Error('x', { cause: reject() }))],
  ['promises that are thrown in a list', throwing(() => [reject()])],
])('%s', async (_what, wire) => {
  unheard.length = 0;
  const t = await testApp(wire);
  t.pipeIn('in', [{ value: { e: 'x' } }]);
  await t.advance(2000);
  await new Promise(resolve => setTimeout(resolve, 5));
  expect(unheard).toEqual([]);
  expect(t.committed('in')).toEqual([1]);
});
