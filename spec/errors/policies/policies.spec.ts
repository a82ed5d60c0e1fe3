import {
  type App,
  type Codec,
  type DeadLetterOptions,
  deadLetterPrefix,
  KafkaRxError,
  memoryStore,
  type Policies,
  readDeadLetter,
  retry,
  string,
} from 'kafka-rx';
import { mapAsync, mapValue } from 'kafka-rx/operators';
import { type TestApp, testApp } from 'kafka-rx/testing';

const value = string;
/** What no message, header or letter may repeat. */
const secret = 'bad 4111-1111-1111-1111';

const throwing = (stage: string): Codec<string> => ({
  ...string,
  name: 'picky',
  decode: (bytes, at) => refuse(string.decode(bytes, at), stage === 'decode'),
  encode: text => string.encode(refuse(text, stage === 'encode')),
});

function refuse(text: string, really = true): string {
  if (really && text.startsWith('bad')) throw new Error(`cannot take ${text}`);
  return text;
}

/** For each stage a topology in which it fails on a bad record. */
const stages = {
  decode: app => app.topic('in', { value: throwing('decode') }).subscribe(app.to('out', { value })),
  process: app =>
    app
      .topic('in', { value })
      .pipe(mapValue(text => refuse(text)))
      .subscribe(app.to('out', { value })),
  encode: app => app.topic('in', { value }).subscribe(app.to('out', { value: throwing('encode') })),
  produce: app =>
    app.topic('in', { value }).subscribe(
      app.to('out', {
        value: {
          ...string,
          encode: text => (text.startsWith('bad') ? Buffer.alloc(1_000_001) : Buffer.from(text)),
        },
      }),
    ),
  store: app => {
    const store = memoryStore<string>('history');
    const inner = store.write.bind(store);
    const write: typeof inner = documents =>
      documents.some(document => document.value.startsWith('bad'))
        ? Promise.reject(new Error(`cannot store ${secret}`))
        : inner(documents);
    app.topic('in', { value }).subscribe(app.store({ ...store, write }));
  },
} satisfies Record<string, (app: App) => void>;

type StageName = keyof typeof stages;
const names = Object.keys(stages) as StageName[];
const codes = { decode: 'DECODE', process: 'PROCESS', encode: 'ENCODE', produce: 'PRODUCE', store: 'STORE' };

const otherwise = 'skip' as const;

async function run(
  stage: StageName,
  policies: Policies,
  deadLetters?: DeadLetterOptions,
): Promise<{ t: TestApp; error: unknown }> {
  const t = await testApp(stages[stage], { policies, deadLetters, commit: { every: 1 } });
  let error: unknown;
  try {
    t.pipeIn('in', [{ value: 'a' }, { key: secret, value: secret }, { value: 'c' }]);
  } catch {
    // Told again by stop().
  }
  await t.idle();
  if (!t.app.health().live) await t.stop().catch(thrown => (error = thrown));
  return { t, error };
}

describe.each(names)('a record that fails at stage %s', stage => {
  test('fails the app by default: nothing from it on is committed; the error tells record, reason and remedy, but no value', async () => {
    const { t, error } = await run(stage, {});
    expect(error).toMatchObject({ code: codes[stage], at: { topic: 'in', partition: 0, offset: 1 } });
    const { message } = error as KafkaRxError;
    expect(message).toContain('(topic in, partition 0, offset 1)');
    expect(message).not.toMatch(/4111|bad/);
    if (stage !== 'decode') expect((error as KafkaRxError).remedy).toMatch(/policy|Look/);
    expect(t.committed('in')).toEqual([1]);
    expect(t.app.health().reasons.join()).not.toMatch(/4111/);
  });

  test('is dropped, counted and committed under skip', async () => {
    const { t, error } = await run(stage, { [stage]: 'skip' });
    expect(error).toBeUndefined();
    expect(t.committed('in')).toEqual([3]);
    expect(t.metrics.value('kafka_rx_records_dropped_total', { reason: 'skipped', stage })).toBe(1);
    if (stage !== 'store') expect(t.read('out', { value }).map(record => record.value)).toEqual(['a', 'c']);
  });

  test('becomes a dead letter that says where, why and which node, and holds no value', async () => {
    const { t, error } = await run(stage, { [stage]: 'dead-letter' }, { topic: 'dead' });
    expect(error).toBeUndefined();
    const letters = t.broker.records('dead');
    expect(letters).toHaveLength(1);
    const [letter] = letters;
    const told = Object.fromEntries(
      (letter?.headers ?? []).map(header => [header.key.replace(deadLetterPrefix, ''), String(header.value)]),
    );
    expect(told).toEqual({
      topic: 'in',
      partition: '0',
      offset: '1',
      origin: expect.stringMatching(/^[^/]+\/[^/]+$/),
      reason: codes[stage],
      stage,
      way: expect.stringMatching(/^in/),
      node: { decode: 'in', process: 'mapValue', encode: 'out', produce: 'out', store: 'history' }[stage],
      timestamp: String(letter?.timestamp),
      app: 'test',
      payload: 'none',
    });
    expect(letter?.headers.every(({ key }) => key.startsWith('kafka-rx.dead-letter.'))).toBe(true);
    expect([letter?.key, letter?.value]).toEqual([null, null]);
    // A UUID may have these in it.
    expect(JSON.stringify({ ...told, origin: '' })).not.toMatch(/4111|bad/);
    expect(t.committed('in')).toEqual([3]);
    expect(t.metrics.value('kafka_rx_dead_letters_total')).toBe(1);
  });

  test('under dead-letter without a topic is refused before anything runs', async () => {
    await expect(run(stage, { [stage]: 'dead-letter' })).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringMatching(`policies.${stage} .*Set deadLetters: { topic } in createApp`),
    });
  });
});

test.each(['process', 'store'] as const)(
  'a record that fails at stage %s under retry ends by the verdict after it',
  async stage => {
    const { t, error } = await run(stage, {
      [stage]: retry({ attempts: 1, initialDelayMs: 0, otherwise }),
    });
    for (let i = 0; i < 3; i++) {
      await t.clock.advanceAsync(1);
      await t.idle();
    }
    expect(error).toBeUndefined();
    expect(t.committed('in')).toEqual([3]);
  },
);

test('a record that several branches skip is counted once; one that goes on in another branch is too', async () => {
  const t = await testApp(
    app => {
      const in$ = app.topic('in', { value });
      for (const name of ['a', 'b', 'c']) in$.pipe(mapValue(fails)).subscribe(app.to(name, { value }));
      in$.subscribe(app.to('all', { value }));
    },
    { policies: { process: 'skip' } },
  );
  t.pipeIn('in', [{ value: 'bad' }, { value: 'good' }, { value: 'bad' }]);
  await t.idle();
  expect(t.metrics.value('kafka_rx_records_dropped_total', { reason: 'skipped' })).toBe(2);
  await t.stop();
  expect(t.committed('in')).toEqual([3]);
});

describe('a dead letter', () => {
  const start = () =>
    testApp(stages.process, {
      policies: { process: 'dead-letter' },
      deadLetters: { topic: 'dead' },
      commit: { every: 1 },
    });

  test('holds its record’s offset until it is acknowledged', async () => {
    const t = await start();
    t.broker.faults.delayAcknowledgements(100);
    t.pipeIn('in', [{ value: secret }]);
    await t.idle();
    expect([t.broker.records('dead').length, t.committed('in')]).toEqual([1, [-1]]);
    await t.advance(100);
    await t.idle();
    expect(t.committed('in')).toEqual([1]);
  });

  test('that cannot be written fails the app, and its record stays uncommitted', async () => {
    const t = await start();
    t.broker.faults.failProduce(1, new KafkaRxError('PRODUCE', 'no'), { topic: 'dead' });
    expect(() => t.pipeIn('in', [{ value: 'a' }, { value: secret }])).toThrow(
      expect.objectContaining({
        code: 'PRODUCE',
        at: { topic: 'in', partition: 0, offset: 1 },
        message: expect.stringMatching(/^The dead letter could not be written: no .* stays uncommitted$/),
      }),
    );
    await t.idle();
    expect(t.committed('in')).toEqual([1]);
  });

  test('goes to the partition of its record, as far as the topic has it', async () => {
    const t = await testApp(stages.process, {
      policies: { process: 'dead-letter' },
      deadLetters: { topic: 'dead' },
      partitions: 3,
    });
    t.broker.addPartitions('in', 5);
    await t.idle();
    t.pipeIn(
      'in',
      [0, 1, 2, 3, 4].map(partition => ({ value: secret, partition })),
    );
    expect(
      t.broker
        .records('dead')
        .map(letter => `${readDeadLetter(letter.headers)?.at.partition} on ${letter.partition}`),
    ).toEqual(['0 on 0', '3 on 0', '1 on 1', '4 on 1', '2 on 2']);
  });

  test('is written for each failing branch, naming it, while the healthy branch goes on', async () => {
    const t = await testApp(
      app => {
        app
          .topic('in', { value })
          .pipe(mapValue(text => refuse(text), { name: 'left' }))
          .subscribe(app.to('a', { value }));
        app
          .topic('in', { value })
          .pipe(mapValue(text => refuse(text), { name: 'right' }))
          .subscribe(app.to('b', { value }));
        app.topic('in', { value }).subscribe(app.to('c', { value }));
      },
      { policies: { process: 'dead-letter' }, deadLetters: { topic: 'dead' } },
    );
    t.pipeIn('in', [{ value: secret }]);
    expect(t.broker.records('dead').map(letter => readDeadLetter(letter.headers)?.node)).toEqual([
      'left',
      'right',
    ]);
    expect(
      [t.read('a', { value }), t.read('b', { value }), t.read('c', { value })].map(all => all.length),
    ).toEqual([0, 0, 1]);
  });
});

describe('retry', () => {
  test('doubles its delays up to the cap', () => {
    const { attempts, delayMs } = retry({ attempts: 7, initialDelayMs: 100, maxDelayMs: 1000 });
    expect(Array.from({ length: attempts }, (_, i) => delayMs(i + 1))).toEqual([
      100, 200, 400, 800, 1000, 1000, 1000,
    ]);
  });

  test.each([{ attempts: 0 }, { attempts: Number.NaN }, { initialDelayMs: -1 }])('refuses %p', options => {
    expect(() => retry(options)).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }));
  });

  test('of the app holds for every asynchronous operator', async () => {
    let calls = 0;
    const t = await testApp(
      app =>
        app
          .topic('in', { value })
          .pipe(
            mapAsync(async text => {
              if (++calls < 3) throw new Error('busy');
              return text;
            }),
          )
          .subscribe(app.to('out', { value })),
      { policies: { process: retry({ attempts: 5, initialDelayMs: 10 }) } },
    );
    t.pipeIn('in', [{ value: 'a' }]);
    for (let i = 0; i < 4; i++) {
      await t.idle();
      await t.advance(20);
    }
    await t.idle();
    expect([calls, t.read('out', { value }).length]).toEqual([3, 1]);
  });
});

function fails(text: string): string {
  if (text === 'bad') throw new Error('no');
  return text;
}
