/** `emit` is another after a restart: what the rows alone do not tell the one, the other has not kept. */
import { count, type Emit, type SessionWindows, sliding } from 'kafka-rx/state';
import { type TestApp, testApp } from 'kafka-rx/testing';
import type { StateBackends } from '../../../lib/state/backend.js';
import { lastingBackends } from '../../app/states/lasting-backends.js';
import { at, counts, numbers, read, text } from './counted.js';
import { printedWindows } from './printed-windows.js';

const everyMs = 1_000;
const places: readonly [string, () => StateBackends | undefined][] = [
  ['memory', () => undefined],
  ['a folder', lastingBackends],
];

describe.each(places)('with states in %s', (_, makeBackend) => {
  test('what was held back is not handed on behind what came meanwhile', async () => {
    const backend = makeBackend();
    let emit: Emit = { everyMs };
    const t = await testApp(app => {
      const counted = count(app.state('counts', { ...counts, backend }), { emit });
      app.topic('in', text).pipe(counted).subscribe(app.to('out', numbers));
    });
    const restarted = async (next: Emit): Promise<void> => {
      emit = next;
      await t.restart();
    };
    t.pipeIn('in', [at('a', 1), at('b', 1)]);
    await restarted('updates');
    t.pipeIn('in', [at('a', 2), at('a', 3)]);
    await t.advance(2 * everyMs);
    expect(read(t)).toEqual(['a=2@2', 'a=3@3']);
    await restarted({ everyMs });
    await t.advance(2 * everyMs);
    expect(read(t)).toEqual([]);
    t.pipeIn('in', [at('a', 4), at('b', 4)]);
    // Of this emit it is held back over restarts as before.
    await restarted({ everyMs });
    await t.advance(2 * everyMs);
    expect(read(t)).toEqual(['a=4@4', 'b=2@4']);
    await t.stop();
  });

  test('sliding windows are handed on when they are closed, also those that began while updates were', async () => {
    const backend = makeBackend();
    let emit: 'updates' | 'final' = 'updates';
    const t = await testApp(app => {
      const window = sliding(10, { graceMs: 0, retentionMs: 1_000 }) as unknown as SessionWindows;
      const counted = count(app.state('counts', { ...counts, backend }), { window, emit });
      app.topic('in', text).pipe(counted).subscribe(app.to('out', printedWindows));
    });
    const restarted = async (next: 'updates' | 'final'): Promise<string[]> => {
      emit = next;
      const before = ofWindows(t);
      await t.restart();
      return before;
    };
    t.pipeIn('in', [at('a', 11), at('a', 15)]);
    expect(await restarted('final')).toHaveLength(3);
    t.pipeIn('in', [at('a', 42)]);
    expect(await restarted('updates')).toEqual(['a@1-11=1', 'a@5-15=2', 'a@12-22=1']);
    t.pipeIn('in', [at('a', 62)]);
    expect(await restarted('final')).toEqual(['a@52-62=1']);
    t.pipeIn('in', [at('a', 82)]);
    // None of those that were handed on as final comes again.
    expect(ofWindows(t)).toEqual(['a@32-42=1', 'a@52-62=1']);
    await t.stop();
  });
});

const ofWindows = (t: TestApp): string[] => t.read('out', text).map(({ key, value }) => `${key}=${value}`);
