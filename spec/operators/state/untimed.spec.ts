/** A record of no time is told of, and nothing counts it: under its timestamp no row could be written. */
import { bytes, nullable, readDeadLetter, string } from 'kafka-rx';
import { count, counter, session, sliding, tumbling } from 'kafka-rx/state';
import { testApp } from 'kafka-rx/testing';
import type { Observable } from 'rxjs';
import type { App } from '../../../lib/app/interface.js';
import type { KafkaRecord } from '../../../lib/record/record.js';
import type { GridWindows } from '../../../lib/time/windows.js';
import { refuseUntimed } from '../../../operators/state/refuse-untimed.js';

const windows = {
  'no window': undefined,
  tumbling: tumbling(10, { graceMs: 0 }),
  sliding: sliding(10, { graceMs: 0 }),
  session: session(10, { graceMs: 0 }),
};

const records = [
  { key: 'a', value: '', timestamp: 5 },
  { key: 'q', value: '', timestamp: -1 },
  { key: 'q', value: '', timestamp: -1 },
  { key: 'a', value: '', timestamp: 0 },
];

const counted = (kind: keyof typeof windows, onError?: 'dead-letter') => (app: App) => {
  const state = app.state('kept', { key: string, value: counter().codec });
  const given = app.topic('in', { key: string, value: string });
  const window = windows[kind];
  // Results are not looked at.
  const results: Observable<KafkaRecord<unknown, unknown>> =
    window === undefined
      ? given.pipe(count(state, { onError }))
      : given.pipe(count(state, { onError, window: window as GridWindows }));
  results.subscribe(app.each(() => {}));
};

describe.each(Object.keys(windows) as (keyof typeof windows)[])('%s', kind => {
  test('each is a problem of its own, and the others count', async () => {
    const t = await testApp(counted(kind, 'dead-letter'), {
      deadLetters: { topic: 'dead', payload: 'none' },
    });
    t.pipeIn('in', records);
    for (let i = 0; i < 10; i++) await t.advance(500);
    await t.idle();
    const letters = t.read('dead', { value: nullable(bytes) }).map(({ headers }) => readDeadLetter(headers));
    expect(letters.map(letter => `${letter?.reason} ${letter?.at.offset}`)).toEqual([
      'PROCESS 1',
      'PROCESS 2',
    ]);
    const kept = t.read('test-kept-changelog', { key: string, value: nullable(bytes) });
    expect(kept.map(({ key }) => key).filter(key => key.includes('q'))).toEqual([]);
    expect(kept.some(({ key }) => key.includes('a'))).toBe(true);
    expect(t.committed('in')).toEqual([4]);
    await t.stop();
  });
});

test('it fails the app by default, by name, with the remedy', async () => {
  const t = await testApp(counted('no window'));
  const piped = async () => {
    t.pipeIn('in', records);
    await t.idle();
  };
  await expect(piped()).rejects.toMatchObject({
    code: 'PROCESS',
    at: { topic: 'in', partition: 0, offset: 1 },
    remedy: expect.stringContaining('{ timestamp: (value, own) => … }'),
  });
});

const at = { topic: 'in', partition: 0, offset: 7 };

test.each([-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY])('%d is no time', timestamp => {
  expect(() => refuseUntimed('count', 'kept', { ...at, timestamp })).toThrow(
    expect.objectContaining({ code: 'PROCESS' }),
  );
});

test.each([0, Number.MAX_SAFE_INTEGER])('%d is one', timestamp => {
  refuseUntimed('count', 'kept', { ...at, timestamp });
});
