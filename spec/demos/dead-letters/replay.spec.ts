/** list, show and replay on the embedded broker, against an app that fails at first and is mended. */
import { type App, type DriverConnection, KafkaRxError, openDeadLetter, string } from 'kafka-rx';
import { memory } from 'kafka-rx/memory';
import { mapValue } from 'kafka-rx/operators';
import { type TestApp, type TestAppOptions, testApp } from 'kafka-rx/testing';
import { share } from 'rxjs';
import { type Letter, lettersIn } from '../../../demos/dead-letters/letters.js';
import { asList, asListJson } from '../../../demos/dead-letters/list.js';
import { asOutcome } from '../../../demos/dead-letters/outcome.js';
import { type Outcome, replay } from '../../../demos/dead-letters/replay.js';
import { show } from '../../../demos/dead-letters/show.js';
import { quietContext } from '../../drivers/quiet-context.js';

const value = string;
const everything: Parameters<typeof replay>[2] = {
  letters: undefined,
  wanted: () => true,
  to: 'branch',
  app: undefined,
  node: undefined,
  dryRun: false,
  topic: 'dead',
};

let mended: boolean;
let t: TestApp;
let connection: DriverConnection;

function topology(app: App): void {
  const in$ = app.topic('in', { value }).pipe(share());
  in$
    .pipe(
      mapValue(
        text => {
          if (text.startsWith('{"bad') && !mended) throw new KafkaRxError('PROCESS', 'no', { path: 'bad.0' });
          return text;
        },
        { name: 'left' },
      ),
    )
    .subscribe(app.to('a', { value, headers: record => record.headers }));
  in$.subscribe(app.to('b', { value }));
}

async function start(options: Partial<TestAppOptions> = {}): Promise<void> {
  mended = false;
  t = await testApp(topology, {
    ...{ policies: { process: 'dead-letter' }, deadLetters: { topic: 'dead' }, partitions: 2, ...options },
  });
  const context = quietContext('spec', t.clock);
  connection = await pumped(memory({ broker: t.broker }).connect(context));
}

/** Lets virtual time's work run until the promise has settled. */
async function pumped<T>(work: Promise<T>): Promise<T> {
  let settled = false;
  const done = (): void => {
    settled = true;
  };
  work.then(done, done);
  for (let turns = 0; !settled && turns < 1000; turns++) await t.idle();
  return work;
}

const letters = (): Promise<readonly Letter[]> => pumped(lettersIn(connection, 'dead'));
const replayWith = async (request: Partial<Parameters<typeof replay>[2]> = {}): Promise<Outcome> => {
  const outcome = await pumped(replay(connection, await letters(), { ...everything, ...request }));
  await t.idle();
  return outcome;
};
const counts = (): readonly number[] => ['in', 'a', 'b', 'dead'].map(topic => t.broker.records(topic).length);

const bad = (i: number) => ({
  key: `k${i}`,
  value: `{"bad":"4111111111111111 ${i}"}`,
  partition: i % 2,
  timestamp: 1000 + i,
  headers: [{ key: 'trace', value: Buffer.from(`t${i}`) }],
});

test('list tells of each letter where, when and why; show tells its payload', async () => {
  await start();
  t.pipeIn('in', [bad(0), { value: 'good' }, bad(1)]);
  await t.idle();
  const found = await letters();
  const lines = asList(found).trimEnd().split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[1]).toMatch(/^0:0 +2024-01-01T00:00:00.000Z +PROCESS +process +left +in\/0:0 +bad.0$/);
  expect(lines[3]).toBe('2 dead letters, 0 replayed');
  expect(JSON.parse(asListJson(found))).toMatchObject({ deadLetters: 2, replayed: 0 });
  const text = show(found, {
    command: 'show',
    ...everything,
    json: false,
    brokers: [],
    letter: { partition: 1, offset: 0 },
    keyEnv: undefined,
  });
  expect(text).toContain('xxxxxxxxxxxxx111 1');
  expect(text).not.toContain('4111');
  expect(text).toMatch(/Dead letter 1:0: the payload is a redacted copy\n$/);
});

test('an encrypted payload is shown with its key only', async () => {
  process.env['SPEC_LETTER_KEY'] = 'ab'.repeat(32);
  await start({ deadLetters: { topic: 'dead', payload: { encrypt: { key: { env: 'SPEC_LETTER_KEY' } } } } });
  t.pipeIn('in', [bad(0)]);
  await t.idle();
  const found = await letters();
  const request = {
    command: 'show',
    ...everything,
    json: true,
    brokers: [],
    letter: { partition: 0, offset: 0 },
  } as const;
  expect(JSON.parse(show(found, { ...request, keyEnv: undefined })).content).toBeUndefined();
  expect(JSON.parse(show(found, { ...request, keyEnv: 'SPEC_LETTER_KEY' })).content).toEqual({
    key: 'k0',
    value: bad(0).value,
    headers: [['trace', 't0']],
  });
  delete process.env['SPEC_LETTER_KEY'];
});

test('a replay publishes each record once, as it was, for the branch that failed; a second one does nothing and says so', async () => {
  await start();
  t.pipeIn('in', [bad(0), { value: 'good', partition: 0 }, bad(1), bad(2)]);
  await t.idle();
  expect(counts()).toEqual([4, 1, 4, 3]);
  mended = true;
  expect(asOutcome(await replayWith())).toBe('3 replayed, 0 replayed before, 0 failed\n');
  // Into the input, through the branch that failed, not into the other; and a mark beside each letter.
  expect(counts()).toEqual([7, 4, 4, 6]);
  const again = t.broker.records('in').filter(({ headers }) => headers.length > 1);
  for (const record of again) {
    const original = bad(record.timestamp - 1000);
    expect(record).toMatchObject({
      key: Buffer.from(original.key),
      value: Buffer.from(original.value),
      partition: original.partition,
    });
    expect(record.headers[0]).toEqual(original.headers[0]);
  }
  expect(again).toHaveLength(3);
  expect(t.broker.records('a').flatMap(({ headers }) => headers.map(({ key }) => key))).toEqual([
    'trace',
    'trace',
    'trace',
  ]);

  expect(asList(await letters())).toMatch(/3 dead letters, 3 replayed\n$/);
  expect(asOutcome(await replayWith())).toBe('0 replayed, 3 replayed before, 0 failed\n');
  expect(await replayWith({ wanted: ({ position }) => position.partition === 1 })).toMatchObject({
    already: 1,
  });
  expect(asOutcome(await replayWith({ letters: [{ partition: 0, offset: 0 }] }))).toBe(
    '0 replayed, 1 replayed before, 0 failed\n',
  );
  expect(counts()).toEqual([7, 4, 4, 6]);
});

describe('letters alike, as of a record that was delivered twice', () => {
  /** Another letter of each record, as earlier versions wrote one for each part. */
  const again = async (): Promise<void> => {
    t.broker.publish(
      'dead',
      t.broker.records('dead').map(({ partition, key, value: payload, headers, timestamp }) => ({
        ...{ partition, key, value: payload, headers, timestamp },
      })),
    );
    await t.idle();
  };

  test('are replayed by one record and are all marked; it is told how many they were', async () => {
    await start();
    t.pipeIn('in', [bad(0), bad(1)]);
    await t.idle();
    await again();
    mended = true;
    expect(await replayWith({ dryRun: true })).toMatchObject({ published: 2, alike: 2 });
    const outcome = await replayWith();
    expect(outcome).toEqual({ published: 2, alike: 2, already: 0, failed: [], dryRun: false });
    expect(asOutcome(outcome)).toBe('2 replayed (and 2 letters alike), 0 replayed before, 0 failed\n');
    expect(counts().slice(0, 2)).toEqual([4, 2]);
    expect(await replayWith()).toMatchObject({ published: 0, alike: 0, already: 4 });
  });

  test('stay all of them where the record is not acknowledged', async () => {
    await start();
    t.pipeIn('in', [bad(0)]);
    await t.idle();
    await again();
    mended = true;
    t.broker.faults.failProduce(1, new KafkaRxError('PRODUCE', 'no', { remedy: 'none' }), { topic: 'in' });
    expect((await replayWith()).failed.map(({ letter }) => letter)).toEqual(['0:0', '0:1']);
    expect(await replayWith()).toMatchObject({ published: 1, alike: 1, already: 0 });
  });

  test('are those of all nodes where every branch is to have the record', async () => {
    await start();
    t.pipeIn('in', [bad(0)]);
    await t.idle();
    const [letter] = t.broker.records('dead');
    t.broker.publish('dead', [
      {
        partition: 0,
        key: null,
        value: null,
        headers: (letter?.headers ?? []).map(header =>
          header.key.endsWith('.node') || header.key.endsWith('.way')
            ? { key: header.key, value: Buffer.from('b') }
            : header,
        ),
      },
    ]);
    await t.idle();
    mended = true;
    expect(await replayWith({ dryRun: true })).toMatchObject({ published: 2, alike: 0 });
    expect(await replayWith({ to: 'topology' })).toMatchObject({ published: 1, alike: 1, failed: [] });
  });
});

test('--to topology gives the record to every branch', async () => {
  await start();
  t.pipeIn('in', [bad(0)]);
  await t.idle();
  mended = true;
  await replayWith({ to: 'topology' });
  expect(counts()).toEqual([2, 1, 2, 2]);
});

test('--app names who the replay is for', async () => {
  await start();
  t.pipeIn('in', [bad(0), bad(1)]);
  await t.idle();
  mended = true;
  await replayWith({ letters: [{ partition: 0, offset: 0 }], app: 'renamed' });
  expect(counts()).toEqual([3, 0, 2, 3]);
});

test('a dry run publishes nothing', async () => {
  await start();
  t.pipeIn('in', [bad(0)]);
  await t.idle();
  expect(await replayWith({ dryRun: true })).toMatchObject({ published: 1, failed: [] });
  expect(counts()).toEqual([1, 0, 1, 1]);
});

test('only those that were chosen are replayed, and a letter that there is not is told', async () => {
  await start();
  t.pipeIn('in', [bad(0), bad(1)]);
  await t.idle();
  mended = true;
  expect(await replayWith({ wanted: ({ told }) => told.stage === 'decode' })).toMatchObject({ published: 0 });
  const outcome = await replayWith({
    letters: [
      { partition: 1, offset: 0 },
      { partition: 1, offset: 9 },
    ],
  });
  expect(outcome).toMatchObject({
    published: 1,
    failed: [{ letter: '1:9', why: 'there is no such dead letter' }],
  });
  expect(counts()).toEqual([3, 1, 2, 3]);
});

test('a record that its topic keeps no longer is told, and not marked; the others are replayed', async () => {
  await start();
  t.pipeIn('in', [bad(0), bad(2), bad(1)]);
  await t.idle();
  mended = true;
  t.broker.deleteRecords({ topic: 'in', partition: 0 }, 1);
  const outcome = await replayWith();
  expect(outcome.failed).toEqual([
    { letter: '0:0', why: 'the record in/0:0 is gone: its topic keeps it no longer' },
  ]);
  expect(outcome.published).toBe(2);
  expect(asList(await letters())).toMatch(/3 dead letters, 2 replayed\n$/);
});

test('another record at the same place is not taken for the one that failed', async () => {
  await start();
  t.pipeIn('in', [bad(0)]);
  await t.idle();
  const [letter] = await letters();
  if (letter === undefined) throw new Error('no letter');
  const forged = { ...letter, told: { ...letter.told, timestamp: 5 } };
  const outcome = await pumped(replay(connection, [forged], everything));
  expect(outcome).toMatchObject({
    published: 0,
    failed: [{ why: expect.stringContaining('was made anew') }],
  });
});

test('a record whose topic was made anew is told, though another with its time lies at its place, and nothing is published', async () => {
  await start();
  t.pipeIn('in', [bad(0), { value: 'good', partition: 0 }]);
  await t.idle();
  await t.stop();
  t.broker.deleteTopic('in');
  t.broker.createTopic('in', 2);
  t.broker.publish('in', [{ ...bad(0), value: 'of the new topic' }]);
  expect(await replayWith()).toEqual({
    published: 0,
    alike: 0,
    already: 0,
    failed: [
      {
        letter: '0:0',
        why: expect.stringMatching(/^the record in\/0:0 is gone with its topic: .* another one$/),
      },
    ],
    dryRun: false,
  });
  expect(t.broker.records('in')).toHaveLength(1);
  expect(asList(await letters())).toMatch(/1 dead letter, 0 replayed\n$/);
  t.broker.deleteTopic('in');
  expect(await replayWith()).toMatchObject({
    failed: [{ letter: '0:0', why: 'the record in/0:0 is gone with its topic' }],
  });
});

test('a letter of an earlier version, without an origin, is replayed into the topic that has the name', async () => {
  await start();
  t.pipeIn('in', [bad(0)]);
  await t.idle();
  mended = true;
  const [letter] = await letters();
  if (letter === undefined) throw new Error('no letter');
  const { topic, partition, offset } = letter.told.at;
  const earlier = { ...letter, told: { ...letter.told, at: { topic, partition, offset } } };
  expect(await pumped(replay(connection, [earlier], everything))).toMatchObject({ published: 1, failed: [] });
  await t.idle();
  expect(counts()).toEqual([2, 1, 1, 2]);
});

test('of a letter that may be of several nodes it is told what to do, and it stays; --node says which it is', async () => {
  await start();
  t.pipeIn('in', [bad(0)]);
  await t.idle();
  mended = true;
  const [letter] = await letters();
  if (letter === undefined) throw new Error('no letter');
  const unsure = [
    { ...letter.told, alike: 2 },
    { ...letter.told, node: 'mapValue #2', way: undefined },
  ].map(told => ({ ...letter, told }));
  for (const one of unsure) {
    for (const dryRun of [true, false]) {
      const outcome = await pumped(replay(connection, [one], { ...everything, dryRun }));
      expect(outcome).toMatchObject({
        published: 0,
        failed: [
          {
            letter: '0:0',
            why: expect.stringMatching(/^nobody can say which node .* --node NAME or --to topology$/),
          },
        ],
      });
    }
  }
  expect(counts()).toEqual([1, 0, 1, 1]);
  const [one] = unsure;
  if (one === undefined) throw new Error('no letter');
  await pumped(replay(connection, [one], { ...everything, node: 'left' }));
  await t.idle();
  expect(counts()).toEqual([2, 1, 1, 2]);
});

test.each(['in the topic itself', 'of another topic', 'of an earlier version'])(
  'a mark counts for the letters of its own topic alone: %s',
  async from => {
    await start();
    t.pipeIn('in', [bad(0)]);
    await t.idle();
    mended = true;
    await replayWith();
    const [mark] = t.broker.records('dead').slice(-1);
    if (mark === undefined) throw new Error('no mark');
    const headers = from === 'of an earlier version' ? mark.headers.slice(0, 1) : mark.headers;
    if (from !== 'in the topic itself') {
      const [first] = t.broker.records('dead');
      if (first === undefined) throw new Error('no letter');
      await t.stop();
      t.broker.deleteTopic('dead');
      t.broker.createTopic('dead', 2);
      t.broker.publish('dead', [first, { ...mark, headers, partition: 0 }]);
    }
    const replayed = from === 'of another topic' ? 0 : 1;
    expect(asList(await letters())).toMatch(new RegExp(`1 dead letter, ${replayed} replayed\\n$`));
  },
);

test('an encrypted payload does not open as that of a record at its place in a topic made anew', async () => {
  const key = Buffer.alloc(32, 7);
  await start({ deadLetters: { topic: 'dead', payload: { encrypt: { key } } } });
  t.pipeIn('in', [bad(0)]);
  await t.idle();
  const [letter] = await letters();
  if (letter?.payload == null) throw new Error('no letter');
  const { payload, told } = letter;
  expect(String(openDeadLetter(payload, told.at, key).value)).toBe(bad(0).value);
  const other = { ...told.at, origin: `${told.at.origin}x` };
  expect(() => openDeadLetter(payload, other, key)).toThrow(expect.objectContaining({ code: 'DECODE' }));
});

test('a record that was not acknowledged is not marked: the next replay publishes it', async () => {
  await start();
  t.pipeIn('in', [bad(0)]);
  await t.idle();
  mended = true;
  t.broker.faults.failProduce(1, new KafkaRxError('PRODUCE', 'no'), { topic: 'in' });
  expect(await replayWith()).toMatchObject({ published: 0, failed: [{ letter: '0:0' }] });
  expect(counts()).toEqual([1, 0, 1, 1]);
  expect(await replayWith()).toMatchObject({ published: 1, failed: [] });
});

test('a record that could not be marked is published again by the next replay: twice at worst, never lost', async () => {
  await start();
  t.pipeIn('in', [bad(0)]);
  await t.idle();
  mended = true;
  t.broker.faults.failProduce(1, new KafkaRxError('PRODUCE', 'no'), { topic: 'dead' });
  expect(await replayWith()).toMatchObject({
    published: 0,
    failed: [{ why: expect.stringContaining('not be marked') }],
  });
  expect(await replayWith()).toMatchObject({ published: 1, failed: [] });
  expect(counts()).toEqual([3, 2, 1, 2]);
});
