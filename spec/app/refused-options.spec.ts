/** Options that cannot be meant, by hand, as users write them; `options.spec.ts` makes the rest out of the declarations. */
import { type App, type AppOptions, createApp, json, memoryStore, resetGroup, retry, string } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import { MemoryBroker, memory } from 'kafka-rx/memory';
import { batch, branch, commitTo, mapAsync, mapValue, mask, through } from 'kafka-rx/operators';
import { marbles, testApp } from 'kafka-rx/testing';
import { runWorkers } from 'kafka-rx/workers';
import { NEVER } from 'rxjs';

const value = string;
const driver = memory();
const good: AppOptions = { groupId: 'g', driver };
const refused = (path: string) =>
  expect.objectContaining({ code: 'CONFIGURATION', message: expect.stringContaining(path) });

/** As JavaScript hands it in: `never` fits everywhere. */
function loosely(options: unknown): never {
  return options as never;
}

describe('createApp refuses', () => {
  test.each<[string, unknown]>([
    ['sessionTimeoutMs', { sessionTimeoutMs: 0 }],
    ['sessionTimeoutMs', { sessionTimeoutMs: -5 }],
    ['sessionTimeoutMs', { sessionTimeoutMs: 1 }],
    ['rebalanceTimeoutMs', { rebalanceTimeoutMs: 1 }],
    ['sessionTimeoutMs', { sessionTimeoutMs: Number.NaN }],
    ['sessionTimeoutMs', { sessionTimeoutMs: 2 ** 31 }],
    ['rebalanceTimeoutMs', { rebalanceTimeoutMs: 0 }],
    ['stallTimeoutMs', { stallTimeoutMs: 0 }],
    ['connectTimeoutMs', { connectTimeoutMs: -1 }],
    ['stopDeadlineMs', { stopDeadlineMs: Number.NaN }],
    ['discoveryMs', { discoveryMs: 0 }],
    ['idleMs', { idleMs: Number.NaN }],
    ['bounds.maxUnsettled', { bounds: { maxUnsettled: 0 } }],
    ['bounds.maxSpan', { bounds: { maxSpan: Number.NaN } }],
    ["'maxSpan'", { bounds: { maxspan: 5 } }],
    ['commit.intervalMs', { commit: { intervalMs: -1 } }],
    ['commit.every', { commit: { every: 0 } }],
    [
      'commit.intervalMs',
      { commit: { intervalMs: Number.POSITIVE_INFINITY, every: Number.POSITIVE_INFINITY } },
    ],
    ['startFrom', { startFrom: 'begining' }],
    ['startFrom.timestamp', { startFrom: { timestamp: -1 } }],
    ['startFrom.timestamp', { startFrom: { timestamp: 1.5 } }],
    ['startFrom.from', { startFrom: { timestamp: 5, from: 'start' } }],
    ['policies.process', { policies: { process: 'ignore' } }],
    ["'decode'", { policies: { decde: 'skip' } }],
    ['policies.process', { policies: { process: 'dead-letter' } }],
    ['policies.store', { policies: { store: retry({ otherwise: 'dead-letter' }) } }],
    ['deadLetters.topic', { deadLetters: {} }],
    ['deadLetters.limit.share', { deadLetters: { topic: 'd', limit: { share: 2 } } }],
    ['deadLetters.payload', { deadLetters: { topic: 'd', payload: 'encrypted' } }],
    ['guard.fields', { guard: { fields: 'cardNumber' } }],
    ['guard.scan', { guard: { scan: 'yes' } }],
    ['signals.0', { signals: ['SIGTREM'] }],
    ['signals.0', { signals: ['SIGKILL'] }],
    ['groupId', { groupId: '' }],
    ['groupId', { groupId: undefined }],
    ['driver', { driver: undefined }],
    ['driver', { driver: {} }],
    ["'groupId'", { groupid: 'g' }],
    ['replays', { replays: 'none' }],
    ['coPartitioned.0', { coPartitioned: ['a'] }],
    ['logger', { logger: { warn() {} } }],
    ['clock', { clock: Date }],
  ])('%s of %p', (path, options) => {
    expect(() => createApp(loosely({ ...good, ...(options as object) }))).toThrow(refused(path));
  });

  test('no options at all', () => {
    expect(() => createApp(loosely(undefined))).toThrow(refused('createApp'));
  });
});

describe('a topology refuses', () => {
  const source = (app: App) => app.topic('in', { value });
  test.each<[string, (app: App) => unknown]>([
    ['value', app => app.topic('in', loosely({}))],
    ['value', app => app.topic('in', loosely({ value: JSON }))],
    ['onDecodeError', app => app.topic('in', { value, onDecodeError: loosely('ignore') })],
    ['dead letters', app => app.topic('in', { value, onDecodeError: 'dead-letter' })],
    ['topic name', app => app.topic(loosely(undefined), { value })],
    ['topic name', app => app.to(loosely(undefined), { value })],
    ["'keyBy'", app => app.to('out', loosely({ value, keyby: () => 'a' }))],
    ['timestamp', app => app.to('out', loosely({ value, timestamp: 5 }))],
    ['dead letters', app => app.to('out', { value, onProduceError: 'dead-letter' })],
    ['store', app => app.store(loosely({}))],
    ['maxDocuments', app => app.store(memoryStore('s'), { maxDocuments: 0 })],
    [
      'dead letters',
      app => app.store(memoryStore('s'), { onStoreError: retry({ otherwise: 'dead-letter' }) }),
    ],
    ['the function', app => app.each(loosely(undefined))],
    ['concurrency', app => app.each(() => {}, { concurrency: Number.NaN })],
    ['concurrency', app => source(app).pipe(mapAsync(async v => v, { concurrency: 0 }))],
    ['order', app => source(app).pipe(mapAsync(async v => v, { order: loosely('keys') }))],
    ['dead letters', app => source(app).pipe(mapAsync(async v => v, { onError: 'dead-letter' }))],
    ['dead letters', app => source(app).pipe(mapValue(v => v, { onError: 'dead-letter' }))],
    ['maxRecords', app => source(app).pipe(batch(r => r.length, { maxRecords: 1.5 }))],
    ['maxWaitMs', app => source(app).pipe(batch(r => r.length, { maxWaitMs: loosely('1s') }))],
    ['onError', app => source(app).pipe(mapValue(v => v, loosely({ onError: 'ignore' })))],
    ['the function', app => source(app).pipe(mapValue(loosely('name')))],
    ['name', app => source(app).pipe(through(app.to('out', { value }), { name: '' }))],
    ['the sink', app => source(app).pipe(through(loosely(() => {})))],
    ['big', app => branch(source(app), loosely({ big: true }))],
    ['pattern', () => mask('a' as never, loosely({ pattern: 'x' }))],
  ])('%s (%#)', (path, wire) => {
    const app = createApp(good);
    expect(() => wire(app)).toThrow(refused(path));
  });
});

test.each<[string, () => unknown]>([
  ['retry: attempts', () => retry({ attempts: 0 })],
  ['retry: maxDelayMs', () => retry({ maxDelayMs: Number.NaN })],
  ['retry: otherwise', () => retry({ otherwise: loosely('drop') })],
  ["'maxBytes'", () => json(loosely({ decode() {}, encode() {} }), loosely({ maxbytes: 5 }))],
  ['maxDepth', () => json(loosely({ decode() {}, encode() {} }), { maxDepth: Number.POSITIVE_INFINITY })],
  ["'brokers'", () => kafkajs(loosely({ broker: ['localhost:9092'] }))],
  ['brokers.0', () => kafkajs({ brokers: ['localhost'] })],
  [
    'requestTimeoutMs',
    () => kafkajs({ brokers: ['localhost:9092'], requestTimeoutMs: Number.POSITIVE_INFINITY }),
  ],
  ['compression', () => kafkajs({ brokers: ['localhost:9092'], compression: loosely('gz') })],
  ['broker', () => memory(loosely({ broker: 'localhost' }))],
  ['partitions', () => new MemoryBroker().createTopic('t', Number.NaN)],
  ['by.customer', () => memoryStore('s', loosely({ by: { customer: 'customerId' } }))],
  ['the name', () => memoryStore(loosely(undefined))],
  ['commitTo: every', () => commitTo({ commit: async () => {} }, { every: Number.NaN })],
  [
    'commitTo: intervalMs',
    () =>
      commitTo(
        { commit: async () => {} },
        { intervalMs: Number.POSITIVE_INFINITY, every: Number.POSITIVE_INFINITY },
      ),
  ],
  ['commitTo: the target', () => commitTo(loosely({}))],
  ['marbles: expect', () => marbles(loosely(undefined))],
  ['the entry', () => runWorkers(loosely('./worker.js'), 1)],
  ['stopDeadlineMs', () => runWorkers(new URL('file:///worker.js'), 1, { stopDeadlineMs: -1 })],
])('%s', (path, call) => {
  expect(call).toThrow(refused(path));
});

const resetWith = (...stores: readonly unknown[]): Promise<unknown> =>
  resetGroup({ driver, groupId: 'g', topics: ['in'], to: 'earliest', stores: loosely(stores) });

test.each<[string, () => Promise<unknown>]>([
  ['resetGroup: to', () => resetGroup({ driver, groupId: 'g', topics: ['in'], to: loosely('begining') })],
  [
    'resetGroup: to',
    () => resetGroup({ driver, groupId: 'g', topics: ['in'], to: { timestamp: Number.NaN } }),
  ],
  ['resetGroup: topics', () => resetGroup({ driver, groupId: 'g', topics: [], to: 'earliest' })],
  ...[undefined, '', 5, null].map((name): [string, () => Promise<unknown>] => [
    'resetGroup: stores.1.name',
    () => resetWith(memoryStore('s'), { ...memoryStore('s'), name }),
  ]),
  ['resetGroup: stores.0 must be a store (with open, close)', () => resetWith({ name: 's', open: () => {} })],
  ['resetGroup: stores.0.positions', () => resetWith({ ...memoryStore('s'), positions: {} })],
  ['testApp: partitions', () => testApp(() => NEVER, { partitions: 0 })],
  ["'startFrom'", () => testApp(() => NEVER, loosely({ startForm: 'latest' }))],
])('%s, by rejection', async (path, call) => {
  await expect(call()).rejects.toEqual(refused(path));
});

test('a deadline of stop that cannot be stops all the same, and is told', async () => {
  const t = await testApp(app => app.topic('in', { value }).subscribe(app.each(() => {})));
  const stopped = t.app.stop({ deadlineMs: Number.NaN }).catch((error: unknown) => error);
  await t.stop();
  expect(await stopped).toEqual(refused('app.stop: deadlineMs'));
  expect(t.app.health().state).toBe('stopped');
});

test('a policy that wants dead letters, behind a plain Observable that hides the app, fails at its record', async () => {
  const { Observable } = await import('rxjs');
  const t = await testApp(app => {
    const in$ = app.topic('in', { value });
    const hidden$ = new Observable<never>(subscriber => in$.subscribe(subscriber as never));
    hidden$
      .pipe(
        mapValue(
          () => {
            throw new Error('no');
          },
          { onError: 'dead-letter' },
        ),
      )
      .subscribe(app.each(() => {}));
  });
  expect(() => t.pipeIn('in', [{ value: 'a' }])).toThrow(refused('Set deadLetters'));
  await t.stop().catch(() => {});
});
