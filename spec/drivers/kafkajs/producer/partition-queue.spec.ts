import fc from 'fast-check';
import { PartitionQueue } from '../../../../lib/drivers/kafkajs/producer/partition-queue.js';
import { SpareSpace } from '../../../../lib/drivers/kafkajs/producer/spare-space.js';
import {
  type BatchSequence,
  recordBytes,
} from '../../../../lib/drivers/kafkajs/protocol/record-batch-builder.js';
import type { OutputListener } from '../../../../lib/drivers/port.js';
import { KafkaRxError } from '../../../../lib/errors/errors.js';
import { type Headers, noHeaders } from '../../../../lib/record/headers.js';
import { ManualClock } from '../manual-clock.js';

type Outcome = 'written' | 'lost' | 'not written' | 'halve' | 'refused';

type Step =
  | { readonly step: 'append'; readonly bytes: number; readonly output: 0 | 1 }
  | { readonly step: 'append refused' }
  | { readonly step: 'tick' }
  | { readonly step: 'send'; readonly outcome: Outcome; readonly during: boolean }
  | { readonly step: 'too late'; readonly after: number };

const outcome = fc.constantFrom('written', 'lost', 'not written', 'halve', 'refused');
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      step: fc.constant('append'),
      bytes: fc.integer({ min: 1, max: 90 }),
      output: fc.constantFrom(0, 1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('append refused') }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant('tick') }) },
  { weight: 5, arbitrary: fc.record({ step: fc.constant('send'), outcome, during: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('too late'), after: fc.nat({ max: 5 }) }) },
) as fc.Arbitrary<Step>;

const refusal = new KafkaRxError('PRODUCE', 'refused');

/** A queue, the leader that it is sent to, and what its outputs heard. */
class Run {
  readonly buffered = { bytes: 0, spare: new SpareSpace() };
  readonly queue = new PartitionQueue(new ManualClock(), { topic: 't', partition: 0 }, 256, this.buffered);
  readonly waiting: { readonly id: string; readonly output: number; readonly since: number }[] = [];
  /** What the leader wrote, and who was told that what was written. */
  readonly log: string[] = [];
  readonly acknowledged: string[] = [];
  readonly #next = new Map<bigint, number>();
  #identities = 0n;
  #now = 0;
  #ids = 0;

  readonly #listeners: readonly OutputListener[] = [0, 1].map(output => ({
    acknowledged: count => this.#settled(output, count, id => this.acknowledged.push(id)),
    refused: count => this.#settled(output, count, () => {}),
  }));

  play(one: Step): void {
    const { queue } = this;
    if (one.step === 'tick') this.#now++;
    else if (one.step === 'append') {
      const id = String(this.#ids++).padEnd(one.bytes, '.');
      this.waiting.push({ id, output: one.output, since: this.#now });
      queue.append(
        this.#listener(one.output),
        null,
        Buffer.from(id),
        noHeaders,
        5,
        recordBytes(id.length, 0),
        this.#now,
      );
    } else if (one.step === 'append refused') {
      this.waiting.push({ id: 'never', output: 0, since: this.#now });
      queue.appendRefused(this.#listener(0), refusal, 5, this.#now);
    } else if (one.step === 'too late') {
      const late = queue.olderThan(this.#now - one.after);
      // Of a batch that was sent all are, with its oldest.
      expect(late).toBeGreaterThanOrEqual(
        this.waiting.filter(({ since }) => since <= this.#now - one.after).length,
      );
      if (late > 0) queue.refuse(late, refusal);
    } else this.#send(one.outcome, one.during);
    expect(queue.length).toBe(this.waiting.length);
    expect(queue.appended - queue.answered).toBe(this.waiting.length);
  }

  #send(outcome: Outcome, during: boolean): void {
    const { queue } = this;
    while (queue.refusal !== undefined) queue.refuse(1, queue.refusal);
    const batch = queue.take();
    if (batch === undefined) return;
    if (during) this.play({ step: 'append', bytes: 5, output: 0 });
    if (queue.wantsIdentity) queue.begin({ id: ++this.#identities, epoch: 0 });
    queue.number();
    const ids = batch.records().map(({ value }) => String(value));
    expect(ids).toEqual(this.waiting.slice(0, batch.count).map(({ id }) => id));
    expect(queue.inFlight).toBe(batch.count);
    const known = this.#isWritten(batch.sequence);
    if (outcome === 'written' || outcome === 'lost') this.#write(batch.sequence, ids);
    if (outcome === 'written') queue.acknowledge(-1);
    else if (outcome === 'lost' || outcome === 'not written') queue.putBack(0);
    // A leader that wrote it before says just that, whatever it thinks of such a batch now.
    else if (known) queue.acknowledge(-1);
    else if (outcome === 'refused' || queue.halve() === 'alone') queue.refuse(batch.count, refusal);
  }

  #isWritten(numbers: BatchSequence | undefined): boolean {
    return numbers !== undefined && numbers.sequence < (this.#next.get(numbers.producer.id) ?? 0);
  }

  /** As a leader does: once. A gap is an error, since nothing is ever given up silently under the same identity. */
  #write(numbers: BatchSequence | undefined, ids: readonly string[]): void {
    if (numbers === undefined) throw new Error('a batch without numbers');
    const next = this.#next.get(numbers.producer.id) ?? 0;
    if (numbers.sequence < next) return;
    expect(numbers.sequence).toBe(next);
    this.#next.set(numbers.producer.id, next + ids.length);
    this.log.push(...ids);
  }

  #settled(output: number, count: number, tell: (id: string) => void): void {
    for (const one of this.waiting.splice(0, count)) {
      expect(one.output).toBe(output);
      tell(one.id);
    }
  }

  #listener(output: 0 | 1): OutputListener {
    return this.#listeners[output] as OutputListener;
  }
}

test('whatever becomes of its batches: order, one acknowledgement or refusal each, no gap in the numbers, no byte left', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }), steps => {
      const run = new Run();
      for (const one of steps) run.play(one);
      run.queue.refuse(run.queue.length, refusal);
      expect(run.waiting).toEqual([]);
      expect(run.buffered.bytes).toBe(0);
      // What was acknowledged is in the log, once and in order.
      expect(new Set(run.log).size).toBe(run.log.length);
      const written = new Set(run.acknowledged);
      expect(run.log.filter(id => written.has(id))).toEqual(run.acknowledged);
    }),
    { numRuns: 300 },
  );
});

test('a record that cannot be written leaves neither a count nor an empty batch behind', () => {
  const buffered = { bytes: 0, spare: new SpareSpace() };
  const queue = new PartitionQueue(new ManualClock(), { topic: 't', partition: 0 }, 256, buffered);
  const told: number[] = [];
  const listener: OutputListener = { acknowledged: count => told.push(count), refused: () => {} };
  const append = (value: string, headers: Headers): void =>
    queue.append(listener, null, Buffer.from(value), headers, 5, recordBytes(10, 1), 1);
  // As of JavaScript's making; what lies in front of the queue lets neither through.
  const undefinedValue = [{ key: 'trace' }] as unknown as Headers;
  let reads = 0;
  const growing: Headers = [
    {
      key: 'k',
      get value() {
        return Buffer.alloc(reads++ === 0 ? 1 : 9);
      },
    },
  ];
  expect(() => append('x', undefinedValue)).toThrow();
  expect([queue.length, queue.since, buffered.bytes]).toEqual([0, undefined, 0]);
  append('a', noHeaders);
  const { bytes } = buffered;
  expect(() => append('x', undefinedValue)).toThrow();
  expect(() => append('x', growing)).toThrow();
  expect(buffered.bytes).toBe(bytes);
  append('b', noHeaders);
  const batch = queue.take();
  expect(batch?.count).toBe(2);
  expect(batch?.records().map(({ value }) => String(value))).toEqual(['a', 'b']);
  queue.acknowledge(0);
  expect(told).toEqual([2]);
  expect(buffered.bytes).toBe(0);
});
