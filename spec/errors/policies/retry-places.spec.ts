import { type App, createApp, memoryStore, type Policies, retry, string } from 'kafka-rx';
import { memory } from 'kafka-rx/memory';
import {
  batch,
  filterValue,
  flatMapValue,
  mapAsync,
  mapKey,
  mapRecord,
  mapValue,
  mask,
  peek,
  project,
  tokenize,
} from 'kafka-rx/operators';
import { deliver, testApp } from 'kafka-rx/testing';
import type { OperatorFunction } from 'rxjs';
import { NEVER } from 'rxjs';

const value = string;
const good = { groupId: 'g', driver: memory() };
const where = /retry.*mapAsync.*app\.each.*app\.store.*policies\.process.*policies\.store/s;

/** As JavaScript hands it in: `never` fits everywhere. */
const loosely = (given: unknown): never => given as never;
const onError = loosely(retry());
const refused = (option: string) =>
  expect.objectContaining({
    code: 'CONFIGURATION',
    message: expect.stringContaining(option),
    remedy: expect.stringMatching(where),
  });

const operators: readonly (readonly [string, () => OperatorFunction<never, unknown>])[] = [
  ['mapValue', () => mapValue(() => 1, { onError })],
  ['mapKey', () => mapKey(() => 1, { onError })],
  ['mapRecord', () => mapRecord(record => record, { onError })],
  ['filterValue', () => filterValue(() => true, { onError })],
  ['flatMapValue', () => flatMapValue(() => [1], { onError })],
  ['project', () => project(() => 1, { onError })],
  ['peek', () => peek(() => {}, { onError })],
  ['batch', () => batch(() => 1, { onError })],
  ['mask', () => loosely(mask('card' as never, { onError }))],
  ['mask with a pattern', () => loosely(mask('name' as never, { pattern: /^(.)/, onError }))],
  ['tokenize', () => loosely(tokenize('card' as never, { key: Buffer.alloc(32, 1), onError }))],
];

describe('where nothing is tried again, retry(…) is refused', () => {
  test.each(operators)('by %s', (_, make) => {
    expect(make).toThrow(refused('onError'));
  });

  test.each(['decode', 'encode', 'produce'])('by createApp, testApp and deliver for %s', async stage => {
    const policies = loosely({ [stage]: retry() });
    expect(() => createApp({ ...good, policies })).toThrow(refused(`policies.${stage}`));
    expect(() => deliver(NEVER, { policies })).toThrow(refused(`policies.${stage}`));
    await expect(testApp(() => {}, { policies })).rejects.toMatchObject({ code: 'CONFIGURATION' });
  });

  test.each<[string, (app: App) => unknown]>([
    ['onDecodeError', app => app.topic('in', { value, onDecodeError: onError })],
    ['onEncodeError', app => app.to('out', { value, onEncodeError: onError })],
    ['onProduceError', app => app.to('out', { value, onProduceError: onError })],
  ])('by %s', (option, wire) => {
    expect(() => wire(createApp(good))).toThrow(refused(option));
  });

  test('by retry itself, for what follows it', () => {
    expect(() => retry({ otherwise: onError })).toThrow(refused('otherwise'));
  });

  test('and what is no policy at all is told without it', () => {
    const policies = loosely({ decode: { skip: true } });
    expect(() => createApp({ ...good, policies })).toThrow(
      expect.objectContaining({ message: expect.not.stringMatching(/a retry/) }),
    );
  });

  test('and does not compile', () => {
    const forever = retry();
    expect(() => {
      // @ts-expect-error nothing waits in it
      mapValue((n: number) => n, { onError: forever });
      // @ts-expect-error nothing waits in it
      batch(records => records.length, { onError: forever });
      // @ts-expect-error bytes are read alike every time
      const policies: Policies = { decode: forever };
      return policies;
    }).toThrow();
  });
});

describe('where it is taken, it tries again', () => {
  let calls = 0;
  const fails = () => {
    calls++;
    throw new Error('busy');
  };
  const failing = { ...memoryStore<unknown>('s'), write: fails };
  const twice = retry({ attempts: 2, initialDelayMs: 1, otherwise: 'skip' });

  test.each<[string, (app: App) => unknown, Policies?]>([
    [
      'mapAsync',
      app =>
        app
          .topic('in', { value })
          .pipe(mapAsync(fails, { onError: twice }))
          .subscribe(),
    ],
    ['app.each', app => app.topic('in', { value }).subscribe(app.each(fails, { onError: twice }))],
    ['app.store', app => app.topic('in', { value }).subscribe(app.store(failing, { onStoreError: twice }))],
    ['policies.process', app => app.topic('in', { value }).subscribe(app.each(fails)), { process: twice }],
    ['policies.store', app => app.topic('in', { value }).subscribe(app.store(failing)), { store: twice }],
  ])('%s', async (_, wire, policies = {}) => {
    calls = 0;
    const t = await testApp(app => void wire(app), { policies, commit: { every: 1 } });
    t.pipeIn('in', [{ value: 'a' }]);
    for (let i = 0; i < 5; i++) {
      await t.idle();
      await t.advance(5);
    }
    expect([calls, t.committed('in')]).toEqual([3, [1]]);
    await t.stop();
  });
});
