/**
 * Every option of everything that takes options, out of their declarations: whatever cannot be meant is refused before
 * anything is done, with the option's path.
 */
import {
  type AppOptions,
  createApp,
  isKafkaRxError,
  json,
  memoryStore,
  redact,
  resetGroup,
  retry,
  string,
} from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import { lmdb } from 'kafka-rx/lmdb';
import { MemoryBroker, memory } from 'kafka-rx/memory';
import {
  batch,
  commitTo,
  flatMapValue,
  mapAsync,
  mapValue,
  mask,
  through,
  tokenize,
} from 'kafka-rx/operators';
import { deliver, simulate, testApp, testRecord, VirtualClock } from 'kafka-rx/testing';
import { runWorkers } from 'kafka-rx/workers';
import { NEVER } from 'rxjs';
import { appOptions } from '../../lib/app/options.js';
import { resetOptions } from '../../lib/app/reset-group.js';
import { topicOptions } from '../../lib/app/wiring.js';
import { workersOptions } from '../../lib/app/workers/run-workers.js';
import type { FieldKinds, Kind, Limits } from '../../lib/base/option-schema.js';
import { redactOptions } from '../../lib/card/redact.js';
import { jsonOptions } from '../../lib/codecs/json-options.js';
import { kafkajsOptions } from '../../lib/drivers/kafkajs/options.js';
import { memoryOptions } from '../../lib/drivers/memory/memory.js';
import { brokerOptions } from '../../lib/drivers/memory/memory-broker.js';
import { retryOptions } from '../../lib/errors/policies/policy.js';
import { operatorOptions } from '../../lib/errors/policies/process-failed.js';
import { committerOptions } from '../../lib/flow/commit/committer-options.js';
import { eachSinkOptions } from '../../lib/flow/sinks/each-sink.js';
import { storeSinkOptions } from '../../lib/flow/sinks/store-sink.js';
import { topicSinkOptions } from '../../lib/flow/sinks/topic-sink.js';
import { watchOptions } from '../../lib/flow/sinks/watcher.js';
import { lmdbOptions } from '../../lib/stores/lmdb-options.js';
import { storeOptions } from '../../lib/stores/store-options.js';
import { deliverOptions } from '../../lib/testing/deliver.js';
import { simulateOptions } from '../../lib/testing/simulation/simulate.js';
import { testAppOptions } from '../../lib/testing/test-app.js';
import { partKinds } from '../../lib/testing/test-record.js';
import { clockOptions } from '../../lib/testing/virtual-clock.js';
import { batchOptions } from '../../operators/batch.js';
import { flatMapValueOptions } from '../../operators/flatMapValue.js';
import { mapAsyncOptions } from '../../operators/mapAsync.js';
import { maskOptions } from '../../operators/mask.js';
import { throughOptions } from '../../operators/through.js';
import { tokenizeOptions } from '../../operators/tokenize.js';

interface Taker {
  readonly fields: FieldKinds;
  /** The least that is taken. */
  readonly least: object;
  take(options: never): unknown;
}

const driver = memory();
const value = string;
const fresh = () => createApp({ groupId: 'g', driver });
const type = { decode: () => ({ _tag: 'Right', right: 1 }), encode: () => 1, name: 'number' };

const takers: Readonly<Record<string, Taker>> = {
  createApp: { fields: appOptions, least: { groupId: 'g', driver }, take: (o: AppOptions) => createApp(o) },
  'app.topic': { fields: topicOptions, least: { value }, take: o => fresh().topic('in', o) },
  'app.to': { fields: topicSinkOptions, least: { value }, take: o => fresh().to('out', o) },
  'app.store': { fields: storeSinkOptions, least: {}, take: o => fresh().store(memoryStore('s'), o) },
  'app.each': { fields: eachSinkOptions, least: {}, take: o => fresh().each(() => {}, o) },
  'app.watch': { fields: watchOptions, least: {}, take: o => fresh().watch(() => {}, o) },
  mask: { fields: maskOptions, least: {}, take: o => mask('a' as never, o) },
  tokenize: {
    fields: tokenizeOptions,
    least: { key: Buffer.alloc(32) },
    take: o => tokenize('a' as never, o),
  },
  through: {
    fields: throughOptions,
    least: {},
    take: o =>
      through(
        fresh().each(() => {}),
        o,
      ),
  },
  redact: { fields: redactOptions, least: {}, take: o => redact('a', o) },
  lmdb: { fields: lmdbOptions, least: { value }, take: o => lmdb('s', o) },
  simulate: {
    fields: simulateOptions,
    least: { inputs: { in: [{ value: 'a' }] } },
    take: o => simulate(() => {}, o),
  },
  testRecord: { fields: partKinds, least: { value: 1 }, take: o => testRecord(o) },
  mapAsync: { fields: mapAsyncOptions, least: {}, take: o => mapAsync(async () => 1, o) },
  flatMapValue: { fields: flatMapValueOptions, least: {}, take: o => flatMapValue(() => [], o) },
  mapValue: { fields: operatorOptions, least: {}, take: o => mapValue(() => 1, o) },
  batch: { fields: batchOptions, least: {}, take: o => batch(() => 1, o) },
  retry: { fields: retryOptions, least: {}, take: o => retry(o) },
  json: { fields: jsonOptions, least: {}, take: o => json(type as never, o) },
  memoryStore: { fields: storeOptions, least: {}, take: o => memoryStore('s', o) },
  kafkajs: { fields: kafkajsOptions, least: { brokers: ['localhost:9092'] }, take: o => kafkajs(o) },
  memory: { fields: memoryOptions, least: {}, take: o => memory(o) },
  MemoryBroker: { fields: brokerOptions, least: {}, take: o => new MemoryBroker(o) },
  commitTo: { fields: committerOptions, least: {}, take: o => commitTo({ commit: async () => {} }, o) },
  // A file that is not there: only what is refused is tried.
  runWorkers: { fields: workersOptions, least: {}, take: o => runWorkers(new URL('file:///none.js'), 1, o) },
  resetGroup: {
    fields: resetOptions,
    least: { driver, groupId: 'g', topics: ['in'], to: 'earliest' },
    take: o => resetGroup(o),
  },
  testApp: { fields: testAppOptions, least: {}, take: o => testApp(() => NEVER, o) },
  deliver: { fields: deliverOptions, least: {}, take: o => deliver(NEVER, o) },
  VirtualClock: { fields: clockOptions, least: {}, take: o => new VirtualClock(o) },
};

/** Paths of options to values that each must refuse. */
function* bad(
  fields: FieldKinds,
  prefix: readonly string[],
): Generator<readonly [readonly string[], unknown]> {
  for (const [name, kind] of Object.entries(fields)) {
    const path = [...prefix, name];
    if (kind.wants !== 'anything') yield* badValues(kind).map(one => [path, one] as const);
    if (kind.fields !== undefined) yield* bad(kind.fields, path);
  }
  yield [[...prefix, 'noSuchOption'], 1];
}

/** Paths of options that are objects of options. */
function* inner(fields: FieldKinds, prefix: readonly string[]): Generator<readonly string[]> {
  for (const [name, kind] of Object.entries(fields)) {
    const isInner = kind.fields !== undefined || ['ssl', 'sasl', 'by'].includes(name);
    if (isInner) yield [...prefix, name];
    yield* inner(kind.fields ?? {}, [...prefix, name]);
  }
}

function badValues(kind: Kind): readonly unknown[] {
  const always = [null, Symbol('none'), 5n];
  return kind.limits === undefined ? always : [...always, ...badNumbers(kind.limits)];
}

function badNumbers({ from, to, whole, endless }: Limits): readonly unknown[] {
  return [
    Number.NaN,
    Number.NEGATIVE_INFINITY,
    from - 1,
    ...(to < Number.MAX_SAFE_INTEGER ? [to + 1] : []),
    ...(whole ? [from + 0.5] : []),
    ...(endless ? [] : [Number.POSITIVE_INFINITY]),
    `${Math.max(from, 5)}`,
    true,
    [from],
    {},
    new Date(),
  ];
}

/** The least that is taken, with one value at a path. */
function withOne(
  least: object,
  [name = '', ...inner]: readonly string[],
  one: unknown,
  fields: FieldKinds,
): object {
  if (inner.length === 0) return { ...least, [name]: one };
  const kind = fields[name]?.fields ?? {};
  const required = Object.entries(kind).filter(([, field]) => field.isRequired === true);
  const rest = Object.fromEntries(required.map(([key]) => [key, 'in']));
  return { ...least, [name]: withOne(rest, inner, one, kind) };
}

async function errorOf(take: () => unknown): Promise<unknown> {
  try {
    await take();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe.each(Object.entries(takers))('%s', (_name, { fields, least, take }) => {
  test.each([...bad(fields, [])].map(([path, one]) => ({ path, one })))(
    'refuses $path with $one',
    async ({ path, one }) => {
      // The declarations say what is taken; these are as no type allows.
      const options = withOne(least, path, one, fields) as never;
      const error = await errorOf(() => take(options));
      expect(isKafkaRxError(error, 'CONFIGURATION')).toBe(true);
      expect((error as Error).message).toContain(path.join('.'));
    },
  );

  test('refuses what is no object of options', async () => {
    const none = [null, 5, 'text', [], new Map(), new Date(), () => {}, new (class {})(), Symbol('none'), 5n];
    for (const options of none) {
      const error = await errorOf(() => take(options as never));
      expect(isKafkaRxError(error, 'CONFIGURATION')).toBe(true);
    }
  });

  test('refuses what is inherited, by its right name or misspelt', async () => {
    for (const options of [Object.create(least), Object.create({ ...least, noSuchOption: 1 })]) {
      const error = await errorOf(() => take(options as never));
      expect(isKafkaRxError(error, 'CONFIGURATION')).toBe(true);
    }
  });

  test('takes no array, Map, Date, function or instance in the place of an inner object', async () => {
    for (const path of inner(fields, [])) {
      const others = [[], new Map(), new Date(), () => {}, new (class Own {})(), Object.create({ a: 1 })];
      for (const one of others) {
        const error = await errorOf(() => take(withOne(least, path, one, fields) as never));
        expect([path, one, isKafkaRxError(error, 'CONFIGURATION')]).toEqual([path, one, true]);
      }
    }
  });
});

test('the least of each is taken', async () => {
  for (const [name, { least, take }] of Object.entries(takers)) {
    if (['runWorkers', 'resetGroup', 'testApp', 'simulate'].includes(name)) continue;
    expect([name, await errorOf(() => take(least as never))]).toEqual([name, undefined]);
  }
});
