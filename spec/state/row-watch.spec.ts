import { RowWatch } from '../../lib/state/layers/row-watch.js';
import { memoryBackends } from '../../lib/state/memory-backend.js';
import { Overlay } from '../../lib/state/overlay.js';

test('rows are encoded at the seal alone, after a refusal at each put, and after so many cuts at the seal again', async () => {
  const watch = new RowWatch(2);
  let encoded: string[] = [];
  const format = {
    encode(value: string) {
      encoded.push(value);
      if (value === 'bad') throw new Error('no');
      return Buffer.from(value);
    },
    decode: (bytes: Buffer) => bytes.toString(),
    watch,
  };
  const table = (overlay: Overlay) => overlay.table('t', format);
  const put = (overlay: Overlay, value: string) => table(overlay).put('k', { value, timestamp: 1 });
  const taken = (): string[] => encoded.splice(0);
  const backend = await memoryBackends.open('t');

  const first = new Overlay(backend);
  put(first, 'a');
  put(first, 'bad');
  expect(taken()).toEqual([]);
  expect(() => first.seal()).toThrow('no');
  encoded = [];
  // Another, as after the abort: what was refused is known to the format.
  const next = new Overlay(backend);
  put(next, 'a');
  expect(taken()).toEqual(['a']);
  expect(() => put(next, 'bad')).toThrow('no');
  expect(table(next).get('k')?.value).toBe('a');
  encoded = [];
  next.seal();
  expect(taken()).toEqual([]);
  put(next, 'b');
  expect(taken()).toEqual(['b']);
  next.seal();
  put(next, 'c');
  expect(taken()).toEqual([]);
  next.seal();
  expect(taken()).toEqual(['c']);
});
