/** Things thrown that fight back when somebody looks at them: the app says what they are, as far as that can be said, and fails as with any other. */
import { type DocumentStore, isKafkaRxError, KafkaRxError, string } from 'kafka-rx';
import {
  batch,
  branch,
  filterValue,
  flatMapValue,
  mapAsync,
  mapRecord,
  mapValue,
  through,
} from 'kafka-rx/operators';
import { finalize, map } from 'rxjs';
import { errorKind, told } from '../../lib/errors/errors.js';
import { isInstance } from '../../lib/errors/is-instance.js';
import { withheld } from '../../lib/errors/withheld.js';
import { Members } from '../app/members.js';
import { strangers } from './strangers.js';

const brand = Symbol.for('kafka-rx.error');

describe('what is said of a thing thrown never throws:', () => {
  test.each(strangers)('%s', (_, make) => {
    const thrown = make();
    expect(typeof errorKind(thrown)).toBe('string');
    expect(withheld(thrown)).toBeInstanceOf(Error);
    expect(typeof told(thrown).what).toBe('string');
    expect(typeof isKafkaRxError(thrown)).toBe('boolean');
    expect(typeof isKafkaRxError(thrown, 'STORE')).toBe('boolean');
    expect(typeof isInstance(thrown, RangeError)).toBe('boolean');
    const error = new KafkaRxError('STORE', 'beneath it', { cause: thrown });
    expect(error.original()).toBe(thrown);
    if (isKafkaRxError(thrown)) expect(thrown.message).toMatch(/./);
  });
});

test('only what the constructor made is an error of ours', () => {
  expect(isKafkaRxError({ [brand]: true, code: 'STORE', message: 'm' })).toBe(false);
  expect(isKafkaRxError(Object.freeze(new KafkaRxError('STORE', 'm')), 'STORE')).toBe(true);
});

const value = string;
const storeOf = (parts: Partial<DocumentStore<string>>): DocumentStore<string> =>
  // The app calls nothing else of a store without positions.
  ({
    name: 's',
    open: async () => {},
    write: () => undefined,
    close: async () => {},
    ...parts,
  }) as DocumentStore<string>;

type Wire = (app: Parameters<Parameters<Members['start']>[0]>[0], fail: () => never) => void;
const throwing = (fail: () => never) => ({ name: 'bad', decode: fail, encode: fail });

const places: readonly [string, string, Wire][] = [
  ['app.each', 'PROCESS', (app, fail) => app.topic('in', { value }).subscribe(app.each(fail))],
  [
    'app.each, later',
    'PROCESS',
    (app, fail) => app.topic('in', { value }).subscribe(app.each(async () => fail())),
  ],
  [
    'app.watch',
    'PROCESS',
    (app, fail) => {
      const source = app.topic('in', { value });
      source.subscribe(app.watch(fail));
      source.subscribe(app.each(() => {}));
    },
  ],
  [
    'mapValue',
    'PROCESS',
    (app, fail) =>
      app
        .topic('in', { value })
        .pipe(mapValue(fail))
        .subscribe(app.each(() => {})),
  ],
  [
    'mapRecord',
    'PROCESS',
    (app, fail) =>
      app
        .topic('in', { value })
        .pipe(mapRecord(fail))
        .subscribe(app.each(() => {})),
  ],
  [
    'filterValue',
    'PROCESS',
    (app, fail) =>
      app
        .topic('in', { value })
        .pipe(filterValue(fail))
        .subscribe(app.each(() => {})),
  ],
  [
    'flatMapValue',
    'PROCESS',
    (app, fail) =>
      app
        .topic('in', { value })
        .pipe(flatMapValue(fail))
        .subscribe(app.each(() => {})),
  ],
  [
    'branch',
    'PROCESS',
    (app, fail) => {
      const { big, otherwise } = branch(app.topic('in', { value }), { big: fail });
      big.subscribe(app.each(() => {}));
      otherwise.subscribe(app.each(() => {}));
    },
  ],
  [
    'batch',
    'PROCESS',
    (app, fail) =>
      app
        .topic('in', { value })
        .pipe(batch(fail, { maxRecords: 1 }))
        .subscribe(app.each(() => {})),
  ],
  [
    'mapAsync',
    'PROCESS',
    (app, fail) =>
      app
        .topic('in', { value })
        .pipe(mapAsync(async () => fail()))
        .subscribe(app.each(() => {})),
  ],
  [
    'mapAsync, at once',
    'PROCESS',
    (app, fail) =>
      app
        .topic('in', { value })
        .pipe(mapAsync(fail))
        .subscribe(app.each(() => {})),
  ],
  [
    'a plain map',
    'PROCESS',
    (app, fail) =>
      app
        .topic('in', { value })
        .pipe(map(fail))
        .subscribe(app.each(() => {})),
  ],
  [
    'a plain map before an operator of ours',
    'PROCESS',
    (app, fail) =>
      app
        .topic('in', { value })
        .pipe(
          map(fail),
          mapValue(text => text),
        )
        .subscribe(app.each(() => {})),
  ],
  [
    'a plain map before through',
    'PROCESS',
    (app, fail) =>
      app
        .topic('in', { value })
        .pipe(map(fail), through(app.to('out', { value })))
        .subscribe(app.each(() => {})),
  ],
  [
    'a codec that decodes',
    'DECODE',
    (app, fail) => app.topic('in', { value: throwing(fail) }).subscribe(app.each(() => {})),
  ],
  [
    'a codec that encodes',
    'ENCODE',
    (app, fail) => app.topic('in', { value }).subscribe(app.to('out', { value: throwing(fail) as never })),
  ],
  [
    'keyBy',
    'ENCODE',
    (app, fail) => app.topic('in', { value }).subscribe(app.to('out', { value, keyBy: fail })),
  ],
  [
    'headers',
    'ENCODE',
    (app, fail) => app.topic('in', { value }).subscribe(app.to('out', { value, headers: fail })),
  ],
  [
    'a store that opens',
    'STORE',
    (app, fail) => app.topic('in', { value }).subscribe(app.store(storeOf({ open: async () => fail() }))),
  ],
  [
    'a store that opens, at once',
    'STORE',
    (app, fail) => app.topic('in', { value }).subscribe(app.store(storeOf({ open: fail }))),
  ],
  [
    'the positions of a store',
    'STORE',
    (app, fail) =>
      app.topic('in', { value }).subscribe(
        app.store(
          storeOf({
            positions: { id: 'i', read: fail, advance: () => undefined, reincarnate: async () => {} },
          }),
        ),
      ),
  ],
  [
    'a store that writes',
    'STORE',
    (app, fail) => app.topic('in', { value }).subscribe(app.store(storeOf({ write: fail }))),
  ],
  [
    'a store that writes, later',
    'STORE',
    (app, fail) => app.topic('in', { value }).subscribe(app.store(storeOf({ write: async () => fail() }))),
  ],
];

describe.each(places)('thrown by %s', (_place, code, wire) => {
  test.each(strangers)('%s fails the app with an error of ours', async (_stranger, make) => {
    const members = new Members({ in: 1, out: 1 });
    members.publish('in', 'a');
    const member = members.start(app =>
      wire(app, () => {
        throw make();
      }),
    );
    await members.settle();
    const { outcome } = member;
    if (!isKafkaRxError(outcome)) throw new Error(`no error of ours: ${typeof outcome}`);
    // One of ours keeps its own code.
    expect([code, 'STORE']).toContain(outcome.code);
    expect(member.app.health()).toMatchObject({ state: 'failed', live: false });
    expect(members.committed('in')).toEqual([-1]);
  });
});

describe('what a close throws leaves the rest to be closed', () => {
  test.each(strangers)('%s', async (_, make) => {
    const members = new Members({ in: 1 });
    let closed = 0;
    const thrower = storeOf({
      close: async () => {
        closed++;
        throw make();
      },
    });
    const member = members.start(app => {
      app
        .topic('in', { value })
        .pipe(
          finalize(() => {
            throw make();
          }),
        )
        .subscribe(app.store(thrower, { mayEnd: true }));
    });
    await members.settle();
    void member.app.stop();
    await members.settle();
    expect(closed).toBe(1);
    expect(isKafkaRxError(member.outcome, 'PROCESS')).toBe(true);
  });
});
