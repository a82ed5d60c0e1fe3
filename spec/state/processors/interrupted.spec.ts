import fc from 'fast-check';
import { PlainState } from '../plain-tables.js';
import { Heard } from './heard.js';
import { inputs, processorOf, type Some, someWindows } from './processors-of-windows.js';

const emits = fc.constantFrom<'updates' | 'final'>('updates', 'final');
const windows: fc.Arbitrary<Some> = fc
  .tuple(fc.integer({ min: 0, max: 20 }), fc.constantFrom(0, 0, 50))
  .chain(([grace, retained]) => someWindows(grace, retained));

test('closing in turns of any size, with restarts and aborts in between, is closing at once', () => {
  const turns = fc.array(
    fc.record({
      limit: fc.integer({ min: 1, max: 5 }),
      next: fc.constantFrom('go on', 'go on', 'restart', 'commit', 'abort'),
    }),
    { maxLength: 3 },
  );
  const steps = fc.array(turns, { minLength: 40, maxLength: 40 });
  fc.assert(
    fc.property(windows, inputs(400), steps, (of, records, all) => {
      const atOnce = new Heard<number>();
      const whole = processorOf(new PlainState(), of, 'final');
      for (const { key, value, timestamp } of records) {
        whole.take(key, value, timestamp, atOnce);
        while (whole.close(1_000, atOnce));
      }

      const inTurns = new Heard<number>();
      let state = new PlainState();
      let processor = processorOf(state, of, 'final');
      for (const [index, { key, value, timestamp }] of records.entries()) {
        processor.take(key, value, timestamp, inTurns);
        state.commit();
        let settled = inTurns.results.length;
        for (const { limit, next } of all[index] ?? []) {
          processor.close(limit, inTurns);
          if (next === 'commit') state.commit();
          if (next === 'restart') {
            state = state.restarted();
            processor = processorOf(state, of, 'final');
          }
          if (next === 'abort') {
            state.abort();
            processor.reset();
            inTurns.results.length = settled;
          }
          if (next !== 'go on') settled = inTurns.results.length;
        }
      }
      while (processor.close(2, inTurns));
      expect(inTurns).toEqual(atOnce);
    }),
    { numRuns: 300 },
  );
});

test('a unit that is dropped and done again is done once', () => {
  const units = fc.array(
    fc.record({ size: fc.integer({ min: 1, max: 10 }), dropsAfter: fc.option(fc.nat(10)) }),
    { minLength: 40, maxLength: 40 },
  );
  fc.assert(
    fc.property(windows, emits, inputs(400), units, (of, emitted, records, all) => {
      const once = new PlainState();
      const expected = new Heard<number>();
      const whole = processorOf(once, of, emitted);
      const step = (
        processor: typeof whole,
        { key, value, timestamp }: (typeof records)[number],
        heard: Heard<number>,
      ): void => {
        processor.take(key, value, timestamp, heard);
        while (processor.close(2, heard));
      };
      for (const record of records) step(whole, record, expected);

      const state = new PlainState();
      const processor = processorOf(state, of, emitted);
      const committed = new Heard<number>();
      let rest = records;
      for (const { size, dropsAfter } of all) {
        if (dropsAfter !== null) {
          for (const record of rest.slice(0, Math.min(size, dropsAfter)))
            step(processor, record, new Heard());
          state.abort();
          processor.reset();
        }
        for (const record of rest.slice(0, size)) step(processor, record, committed);
        rest = rest.slice(size);
        state.commit();
      }
      expect(committed).toEqual(expected);
      expect(state.contents()).toEqual(once.contents());
    }),
    { numRuns: 300 },
  );
});
