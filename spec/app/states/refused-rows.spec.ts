/** What may not be written into a state is a problem of the record that put it, wherever a state is written to. */
import * as t from 'io-ts';
import { bytes, json, nullable, readDeadLetter, string } from 'kafka-rx';
import { type TestApp, type TestAppOptions, testApp } from 'kafka-rx/testing';
import type { App } from '../../../lib/app/interface.js';
import type { Changes, StateBackends } from '../../../lib/state/backend.js';
import { memoryBackends } from '../../../lib/state/memory-backend.js';
import { tumbling } from '../../../lib/time/tumbling.js';
import { aggregate } from '../../../operators/state/aggregate.js';
import { repartition } from '../../../operators/state/repartition.js';

const card = '4111111111111111';
const masked = 'xxxx-xxxx-xxxx-1111';
const Payment = t.strict({ card: t.string });
const payment = json(Payment);
const payments = json(t.array(Payment));
const guard = { fields: ['*.card', 'card'] };
const ofCard = { fields: ['card'] };

/** All payments of a key, kept by an `add` that changes what it is given. */
const gathering = {
  initial: (): { card: string }[] => [],
  add: (all: { card: string }[], one: { card: string }) => {
    all.push(one);
    return all;
  },
  result: (all: { card: string }[]) => all.length,
};

/** Notes what is applied to it. */
function watched(): StateBackends & { readonly rows: Buffer[] } {
  const rows: Buffer[] = [];
  return {
    rows,
    async open(task) {
      const backend = await memoryBackends.open(task);
      const apply = backend.apply.bind(backend);
      backend.apply = (changes: Changes, checkpoint) => {
        for (const list of changes.values()) for (const [, row] of list) if (row !== null) rows.push(row);
        return apply(changes, checkpoint);
      };
      return backend;
    },
  };
}

function gathered(app: App, backend: StateBackends = memoryBackends): void {
  app
    .topic('in', { key: string, value: payment })
    .pipe(
      aggregate(app.state('all', { key: string, value: payments, backend }), {
        ...gathering,
        onError: 'dead-letter',
      }),
    )
    .subscribe(app.each(() => {}));
}

const of = (key: string, ...cards: string[]) => cards.map(one => ({ key, value: { card: one } }));

async function pass(t: TestApp): Promise<void> {
  for (let i = 0; i < 10; i++) await t.advance(500);
  await t.idle();
}

/** Of the dead letters that came. */
function problemsOf(app: TestApp): readonly string[] {
  return app.read('dead', { value: nullable(bytes) }).map(({ headers }) => {
    const letter = readDeadLetter(headers);
    return `${letter?.reason} ${letter?.path ?? ''} ${letter?.at.offset}`;
  });
}

async function told(
  topology: (app: App) => void,
  records: ReturnType<typeof of>,
  options: TestAppOptions = {},
) {
  const app = await testApp(topology, { ...options, deadLetters: { topic: 'dead', payload: 'none' } });
  app.pipeIn('in', records);
  await pass(app);
  return { app, problems: problemsOf(app) };
}

const changelog = (app: TestApp) =>
  app
    .read('test-all-changelog', { key: bytes, value: bytes })
    .map(({ key, value }) => `${key.toString('latin1')}=${value.toString('latin1')}`)
    .filter(text => !text.startsWith('\0\0kafka-rx/cut'));

describe('a protected field in a value', () => {
  const records = of('a', masked, card, masked);

  test('is a problem of the record that put it, and is in no changelog; the others count', async () => {
    const { app, problems } = await told(gathered, records, { guard });
    expect(problems).toEqual(['GUARD *.card 1']);
    const log = changelog(app);
    expect(log.join()).not.toContain(card);
    expect(log.at(-1)).toBe(`a=${JSON.stringify([{ card: masked }, { card: masked }])}`);
    expect(app.committed('in')).toEqual([3]);
    await app.stop();
  });

  test('and without the guard it is there', async () => {
    const { app, problems } = await told(gathered, records);
    expect(problems).toEqual([]);
    expect(changelog(app).join()).toContain(card);
    await app.stop();
  });

  test.each([
    [guard, false],
    [{}, true],
  ])('in a backend with %j: %s', async (rules, isThere) => {
    const backend = watched();
    const { app } = await told(one => gathered(one, backend), records, { guard: rules });
    await app.stop();
    expect(backend.rows.length).toBeGreaterThan(0);
    expect(Buffer.concat(backend.rows).includes(card)).toBe(isThere);
  });

  test('later ones are told apart as they are put, without another dropped unit', async () => {
    const { app } = await told(gathered, records, { guard });
    const failed: unknown[] = [];
    app.app.events$.subscribe(event => {
      if (event.type === 'commit' && event.result.error !== undefined) failed.push(event.result.error);
    });
    app.pipeIn('in', [...of('b', card), ...of('b', masked), ...of('a', card)]);
    await pass(app);
    expect(problemsOf(app)).toEqual(['GUARD *.card 3', 'GUARD *.card 5']);
    expect(failed).toEqual([]);
    expect(changelog(app).at(-1)).toBe(`b=${JSON.stringify([{ card: masked }])}`);
    await app.stop();
  });

  test('fails the app by default, with the record', async () => {
    const app = await testApp(
      one =>
        one
          .topic('in', { key: string, value: payment })
          .pipe(aggregate(one.state('all', { key: string, value: payments }), gathering))
          .subscribe(one.each(() => {})),
      { guard },
    );
    app.pipeIn('in', records);
    await expect(pass(app)).rejects.toMatchObject({
      code: 'GUARD',
      path: '*.card',
      at: { topic: 'in', partition: 0, offset: 1 },
      remedy: expect.stringContaining('Put mask before'),
    });
  });
});

describe('a protected field in a key', () => {
  const byCard = (app: App): void =>
    void app
      .topic('in', { key: string, value: payment })
      .pipe(
        aggregate(app.state('all', { key: string, value: payments }), {
          ...gathering,
          onError: 'dead-letter',
        }),
      )
      .subscribe(app.each(() => {}));

  test.each([
    ['JSON', `{"card":"${card}"}`],
    ['the number that the value shows masked', card],
  ])('%s', async (_, key) => {
    const records = [...of(key, masked), ...of('a', masked)];
    const { app, problems } = await told(byCard, records, { guard });
    expect(problems).toEqual([expect.stringMatching(/^GUARD \S+ 0$/)]);
    expect(changelog(app).map(text => text[0])).toEqual(['a']);
    await app.stop();
    const bare = await told(byCard, records);
    expect(changelog(bare.app).join()).toContain(card);
    await bare.app.stop();
  });

  test('when scanning, any card number', async () => {
    const { app, problems } = await told(byCard, [...of(card, 'x'), ...of('a', 'y')], {
      guard: { scan: true },
    });
    expect(problems).toEqual(['GUARD  0']);
    expect(changelog(app).map(text => text[0])).toEqual(['a']);
    await app.stop();
  });
});

describe('elsewhere', () => {
  const toInternal = (app: App): void => {
    const byKey = app.internal('by-key', { key: string, value: payment });
    app
      .topic('in', { key: string, value: payment })
      .pipe(
        repartition(byKey, () => 'k'),
        aggregate(app.state('all', { key: string, value: payments }), gathering),
      )
      .subscribe(app.each(() => {}));
  };
  const toLate = (app: App): void =>
    void app
      .topic('in', { key: string, value: payment })
      .pipe(
        aggregate(app.state('all', { key: string, value: json(t.number) }), {
          initial: () => 0,
          add: n => n + 1,
          window: tumbling(10, { graceMs: 0 }),
          late: app.to('late', { value: payment }),
        }),
      )
      .subscribe(app.each(() => {}));

  test.each([
    ['an internal topic', toInternal, 'test-by-key-repartition'],
    ['late', toLate, 'late'],
  ])('%s refuses it', async (_, topology, topic) => {
    const records = [
      { key: 'a', value: { card: masked }, timestamp: 100 },
      { key: 'a', value: { card }, timestamp: 1 },
    ];
    const policies = { encode: 'dead-letter' } as const;
    const { app, problems } = await told(topology, records, { guard: ofCard, policies });
    expect(problems).toEqual(['GUARD card 1']);
    expect(JSON.stringify(app.read(topic, { value: string }))).not.toContain(card);
    await app.stop();
    const bare = await told(topology, records);
    expect(JSON.stringify(bare.app.read(topic, { value: string }))).toContain(card);
    await bare.app.stop();
  });
});

describe('a row above producer.maxRecordBytes', () => {
  const producer = { maxRecordBytes: 2_000 };

  test('is a problem of the record that made it so large, and the unit goes on', async () => {
    const long = 'x'.repeat(700);
    const { app, problems } = await told(gathered, [...of('a', long, long, long, 's'), ...of('b', long)], {
      producer,
    });
    expect(problems).toEqual(['RECORD_TOO_LARGE  2']);
    expect(app.committed('in')).toEqual([5]);
    const lengths = changelog(app).map(
      text => [text[0], (JSON.parse(text.slice(2)) as unknown[]).length] as const,
    );
    expect([...new Map(lengths)]).toEqual([
      ['a', 3],
      ['b', 1],
    ]);
    await app.stop();
  });

  test('says the remedy', async () => {
    const app = await testApp(
      one =>
        one
          .topic('in', { key: string, value: payment })
          .pipe(aggregate(one.state('all', { key: string, value: payments }), gathering))
          .subscribe(one.each(() => {})),
      { producer },
    );
    app.pipeIn('in', of('a', 'x'.repeat(1_000), 'x'.repeat(1_000)));
    await expect(pass(app)).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
      at: { offset: 1 },
      remedy: expect.stringContaining('maxRecordBytes'),
    });
  });
});

test('a key as our own records have them is refused, and one that begins with zeros alone is not', async () => {
  const { app, problems } = await told(gathered, [...of('\0\0kafka-rx/cut', 'x'), ...of('\0\0\0\x05', 'x')]);
  expect(problems).toEqual(['ENCODE  0']);
  expect(changelog(app).map(text => text.slice(0, 5))).toEqual(['\0\0\0\x05=']);
  await app.stop();
});
