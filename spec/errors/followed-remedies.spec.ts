/** Errors whose remedy could not be followed, or was that of something else. */

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type App,
  type Codec,
  createApp,
  type DocumentStore,
  isKafkaRxError,
  type KafkaRecord,
  type KafkaRxError,
  memoryStore,
  retry,
  string,
} from 'kafka-rx';
import { lmdb } from 'kafka-rx/lmdb';
import { memory } from 'kafka-rx/memory';
import { mapAsync, mapKey } from 'kafka-rx/operators';
import { simulate, type TestAppOptions, testApp } from 'kafka-rx/testing';
import { type Observable, of } from 'rxjs';
import { Members } from '../app/members.js';
import { refused } from './refused.js';

const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'kafka-rx-remedies-'));

type Texts = Observable<KafkaRecord<Buffer | null, string>>;

/** What failed the app at its first record. */
async function failure(
  wire: (app: App, texts: Texts) => unknown,
  options: TestAppOptions = {},
): Promise<KafkaRxError> {
  const t = await testApp(app => void wire(app, app.topic('in', { value: string })), options);
  try {
    t.pipeIn('in', [{ key: 'k', value: 'a' }]);
    for (let i = 0; i < 200; i++) {
      await t.advance(1000);
      await new Promise(resolve => setTimeout(resolve, 1));
    }
  } catch (error) {
    if (isKafkaRxError(error)) return error;
    throw error;
  } finally {
    await t.stop().catch(() => {});
  }
  throw new Error('the app did not fail');
}

const withPolicy = (process: unknown): KafkaRxError =>
  refused(() => createApp({ groupId: 'g', driver: memory(), policies: { process: process as 'fail' } }));

describe('a policy that was written as a literal is answered with retry(…)', () => {
  test.each([
    [{ attempts: 3, delayMs: 100, otherwise: 'skip' }],
    [{ attempts: 3, initialDelayMs: 100 }],
    [{ attempts: 3 }],
    [{}],
    ['retry'],
    [retry],
  ])('%p', policy => {
    const error = withPolicy(policy);
    expect(error.message).toMatch(/policies\.process/);
    expect(error.remedy).toMatch(/retry\(\{ attempts, initialDelayMs/);
  });

  test('and what retry(…) gives is taken', () => {
    const app = createApp({ groupId: 'g', driver: memory(), policies: { process: retry({ attempts: 3 }) } });
    expect(app.health().state).toBe('wiring');
  });
});

test.each<[object, string, string]>([
  [{ perMinutes: 4 }, "'perMinute' is", 'Write perMinute'],
  [{ perminute: 4 }, "'perMinute' is", 'Write perMinute'],
  [{ shares: 0.5 }, "'share' is", 'Write share'],
  [{ share: 0.5, minimun: 3 }, "'minimum' is", 'Write minimum'],
])('the nearest name is looked for in all forms of an option: %p', (limit, what, remedy) => {
  const error = refused(() =>
    createApp({ groupId: 'g', driver: memory(), deadLetters: { topic: 'd', limit: limit as never } }),
  );
  expect(error.message).toContain(what);
  expect(error.remedy).toBe(remedy);
});

test('a key of dead letters from a variable that is not there says so', () => {
  const error = refused(() =>
    createApp({
      groupId: 'g',
      driver: memory(),
      deadLetters: { topic: 'd', payload: { encrypt: { key: { env: 'KAFKA_RX_NOT_SET' } } } },
    }),
  );
  expect(error.message).toContain('the environment has no KAFKA_RX_NOT_SET');
});

describe('what a store could not file is no matter of its disk', () => {
  const broken = () => {
    throw new TypeError('secret');
  };
  const options = {
    'by that throws': { by: { customer: broken } },
    'by that gives a promise': { by: { customer: (async () => 'x') as unknown as () => string } },
    'time that throws': { time: broken },
    'time that is none': { time: () => 'yesterday' },
    'id that throws': { id: broken },
  };
  const stores: Readonly<Record<string, (given: object) => DocumentStore<string>>> = {
    memoryStore: given => memoryStore<string>('s', given),
    lmdb: given => lmdb<string>('s', { value: string, directory: temporaryFolder(), ...given }),
  };
  const cases = Object.entries(stores).flatMap(([name, make]) =>
    Object.entries(options).map(([what, given]) => [name, what, () => make(given)] as const),
  );
  test.each(cases)('%s: %s', async (_name, _what, make) => {
    const error = await failure((app, texts) => texts.subscribe(app.store(make())));
    expect(error).toMatchObject({ code: 'STORE', at: { topic: 'in', offset: 0 } });
    expect(error.remedy).not.toMatch(/disk/);
    expect(error.remedy).toMatch(/'(by\.customer|time|id)'/);
  });

  test.each<[string, unknown]>([
    ['throws', broken],
    ['gives text', () => 'text'],
  ])('lmdb: a codec whose encode %s', async (_what, encode) => {
    const value = { ...string, encode } as Codec<string>;
    const error = await failure((app, texts) =>
      texts.subscribe(app.store(lmdb<string>('s', { value, directory: temporaryFolder() }))),
    );
    expect(error.at).toMatchObject({ topic: 'in', offset: 0 });
    expect(error.remedy).not.toMatch(/disk/);
    expect(error.remedy).toMatch(/encode/);
  });
});

describe('what is subscribed after run()', () => {
  async function running() {
    const members = new Members({ in: 1, out: 1 });
    let texts: Texts = of();
    const made: { watch?: ReturnType<App['watch']>; to?: unknown } = {};
    const seen: unknown[] = [];
    const member = members.start(app => {
      texts = app.topic('in', { value: string });
      texts.subscribe(app.each(() => {}));
      made.watch = app.watch(record => void seen.push(record));
      made.to = app.to('out', { value: string });
    });
    await members.settle();
    return { members, member, texts, made, seen };
  }

  test('and is no sink is answered with what can be done then', async () => {
    const { texts, member } = await running();
    const bare = refused(() => texts.subscribe(() => {}));
    expect(bare.code).toBe('PATH_WITHOUT_SINK');
    expect(bare.remedy).toMatch(/before run\(\)/);
    const late = refused(() => member.app.watch(() => {}));
    expect(late.code).toBe('TOPOLOGY');
    expect(late.remedy).toMatch(/before run\(\).*may be subscribed later/);
  });

  test('may be a sink or watch that was made before, as the remedy says', async () => {
    const { texts, made, seen, members } = await running();
    texts.subscribe(made.watch as never);
    texts.subscribe(made.to as never);
    members.publish('in', 'late');
    await members.settle();
    expect(seen).toHaveLength(1);
    expect(members.values('out')).toEqual(['late']);
  });
});

describe('a result that comes later is told what to do where it was given', () => {
  const later = (async () => 'x') as never;
  test.each<[string, (app: App, texts: Texts) => unknown, RegExp]>([
    ['app.each', (app, texts) => texts.subscribe(app.each(() => of(1))), /firstValueFrom/],
    [
      'keyBy',
      (app, texts) => texts.subscribe(app.to('out', { value: string, keyBy: later })),
      /mapAsync before app\.to/,
    ],
    [
      'headers',
      (app, texts) => texts.subscribe(app.to('out', { value: string, headers: later })),
      /mapAsync before app\.to/,
    ],
    [
      'partition',
      (app, texts) => texts.subscribe(app.to('out', { value: string, partition: later })),
      /mapAsync before app\.to/,
    ],
    [
      'decode',
      app => {
        const value: Codec<string> = { ...string, decode: later };
        return app.topic('in', { value }).subscribe(app.each(() => {}));
      },
      /prepare/,
    ],
  ])('%s', async (name, wire, remedy) => {
    const error = await failure((app, texts) => {
      wire(app, texts);
      if (name === 'decode') texts.subscribe(app.each(() => {}));
    });
    expect(error.remedy).toMatch(remedy);
    if (name !== 'app.each') expect(error.remedy).not.toMatch(/app\.each/);
    if (name === 'app.each')
      expect(error.remedy).not.toMatch(/Use mapAsync for what takes time, or app\.each/);
  });
});

test.each<[string, (app: App, texts: Texts) => unknown]>([
  [
    'key',
    (app, texts) =>
      texts.subscribe(app.to('out', { value: string, keyBy: (() => 7) as never, name: 'the sink' })),
  ],
  [
    'partition',
    (app, texts) => texts.subscribe(app.to('out', { value: string, partition: () => 9, name: 'the sink' })),
  ],
])('a %s that cannot be names the sink', async (_what, wire) => {
  const error = await failure(wire);
  expect(error).toMatchObject({ code: 'ENCODE', at: { topic: 'in', offset: 0 } });
  expect(error.message).toContain("'the sink'");
});

test.each<[string, (app: App, texts: Texts) => unknown, RegExp]>([
  [
    'mapKey',
    (app, texts) =>
      texts
        .pipe(mapKey(() => undefined as never))
        .subscribe(app.to('out', { value: string, name: 'the sink' })),
    /mapKey or withKey/,
  ],
  [
    'keyBy',
    (app, texts) =>
      texts.subscribe(app.to('out', { value: string, keyBy: (() => undefined) as never, name: 'the sink' })),
    /keyBy/,
  ],
])('a key of the wrong kind is answered with what made it: %s', async (_what, wire, remedy) => {
  const error = await failure(wire);
  expect(error).toMatchObject({ code: 'ENCODE', at: { topic: 'in', offset: 0 } });
  expect(error.message).toContain("'the sink'");
  expect(error.remedy).toMatch(remedy);
  expect(error.remedy).toMatch(/key codec/);
});

describe('what a function or codec of app.to did is laid at that one', () => {
  const broken = (() => {
    throw new TypeError('secret');
  }) as never;
  const wrong = (() => ({})) as never;
  const later = (async () => 'x') as never;
  const codecs = (encode: never): Codec<string> => ({ ...string, encode });
  const options: Readonly<Record<string, (made: never) => object>> = {
    'value codec': made => ({ value: codecs(made) }),
    'key codec or keyBy': made => ({ value: string, key: codecs(made), keyBy: () => 'k' }),
    "function 'timestamp'": made => ({ value: string, timestamp: made }),
    "function 'headers'": made => ({ value: string, headers: made }),
    "function 'partition'": made => ({ value: string, partition: made }),
  };
  const deeds: Readonly<Record<string, never>> = {
    throws: broken,
    'gives an object': wrong,
    'gives a promise': later,
  };
  const cases = Object.keys(options).flatMap(by => Object.keys(deeds).map(deed => [by, deed] as const));
  test.each(cases)('%s that %s', async (by, deed) => {
    const given = options[by]?.(deeds[deed] as never) as { readonly value: Codec<string> };
    const error = await failure((app, texts) =>
      texts.subscribe(app.to('out', { ...given, name: 'the sink' })),
    );
    expect(error).toMatchObject({ code: 'ENCODE', at: { topic: 'in', offset: 0 } });
    expect(error.message).toContain("'the sink'");
    expect(error.message).not.toContain('secret');
    const part = by.replace(/function|codec or keyBy|codec|'| /g, '');
    expect(error.message).toMatch(new RegExp(`\\b(${part}|key)`));
    if (deed === 'throws') expect(error.message).toContain(`The ${by} of 'the sink' threw TypeError`);
    const others = Object.keys(options).filter(other => other !== by);
    for (const other of others) expect(error.message).not.toContain(other);
    if (!by.includes('codec')) expect(error.message).not.toMatch(/codec/);
  });
});

describe('after retry(…) was used up, the error says how often it was tried', () => {
  const foreign = () => {
    throw new TypeError('secret');
  };
  const ours = () => {
    throw refused(() => createApp({ groupId: '', driver: memory() }));
  };
  const policy = retry({ attempts: 2 });
  const failing: DocumentStore<string> = { ...memoryStore<string>('s') };
  test.each<[string, (app: App, texts: Texts) => unknown]>([
    ['mapAsync', (_app, texts) => texts.pipe(mapAsync(foreign, { onError: policy })).subscribe()],
    [
      'mapAsync, an error of ours',
      (_app, texts) => texts.pipe(mapAsync(ours, { onError: policy })).subscribe(),
    ],
    ['app.each', (app, texts) => texts.subscribe(app.each(foreign, { onError: policy }))],
    ['app.each, an error of ours', (app, texts) => texts.subscribe(app.each(ours, { onError: policy }))],
    [
      'app.store',
      (app, texts) => {
        const store = memoryStore<string>('s');
        store.write = foreign;
        return texts.subscribe(app.store(store, { onStoreError: policy }));
      },
    ],
    [
      'app.store, an error of ours',
      (app, texts) => {
        const store = memoryStore<string>('s');
        store.write = ours;
        return texts.subscribe(app.store(store, { onStoreError: policy }));
      },
    ],
  ])('%s', async (_what, wire) => {
    const error = await failure(wire);
    expect(error.message).toContain('tried 3 times');
    expect(error.at).toMatchObject({ topic: 'in', offset: 0 });
    expect(failing.name).toBe('s');
  });

  test('and not where it was tried once', async () => {
    const error = await failure((app, texts) => texts.subscribe(app.each(foreign)));
    expect(error.message).not.toContain('tried');
  });
});

describe('a topology that is an async function is refused, and its rejection ends nothing', () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  beforeEach(() => void process.on('unhandledRejection', note));
  afterEach(async () => {
    await new Promise(resolve => setTimeout(resolve, 5));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
  const topology = async (app: App): Promise<void> => {
    app.topic('in', { value: string }).subscribe(app.each(() => {}));
    await null;
    throw new Error('secret');
  };

  test.each<[string, () => Promise<unknown>]>([
    ['testApp', () => testApp(topology)],
    ['simulate', () => simulate(topology, { inputs: { in: [{ value: 'a' }] }, seeds: 1 })],
  ])('%s', async (name, run) => {
    const error = await run().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'CONFIGURATION' });
    expect((error as KafkaRxError).message).toContain(`${name}: the topology gave a promise`);
    expect((error as KafkaRxError).remedy).toMatch(/before/);
  });
});

describe('testApp', () => {
  const topology = (app: App): void => {
    app.topic('in', { value: string }).subscribe(app.each(() => {}));
  };

  test('refuses records after stop(), which nobody would read', async () => {
    const t = await testApp(topology);
    await t.stop();
    const error = refused(() => t.pipeIn('in', [{ value: 'a' }]));
    expect(error).toMatchObject({ code: 'CLOSED' });
    expect(error.message).toContain('pipeIn');
  });

  test('names a method that it has when its clock is moved while it is being moved', async () => {
    const t = await testApp(topology);
    const moving = t.advance(10);
    const error = await t.advance(10).catch((thrown: unknown) => thrown);
    expect((error as KafkaRxError).remedy).toContain('await t.advance(ms)');
    await moving;
    await t.stop();
  });
});
