import { type Gated, Gates } from '../../lib/drivers/gates.js';
import type { AssignedPartition, DriverEvent } from '../../lib/drivers/port.js';
import { KafkaRxError } from '../../lib/errors/errors.js';
import { ManualClock } from './kafkajs/manual-clock.js';

const later = new KafkaRxError('COMMIT_FAILED', 'not now', { retriable: true });

/** One partition, whose gate answers as the test says. */
function closed(ready: (at: AssignedPartition) => Promise<void> | undefined) {
  const clock = new ManualClock();
  const partition: Gated & { epoch: number } = { topic: 't', partition: 0, epoch: 1, gate: undefined };
  const told: string[] = [];
  const events: DriverEvent[] = [];
  let current = true;
  const gates = new Gates<Gated>({
    ready,
    clock,
    event: event => void events.push(event),
    backoffMs: attempt => 100 * attempt,
    isCurrent: () => current,
    opened: ({ epoch }) => void told.push(`open in ${epoch}`),
    failed: ({ code }) => void told.push(code),
  });
  gates.close([partition]);
  return {
    ...{ clock, partition, gates, told, events },
    ask: () => gates.ask([partition]),
    lose: () => {
      current = false;
    },
  };
}

describe('a gate', () => {
  test('that is ready opens in the same turn, and is asked once', () => {
    const asked: AssignedPartition[] = [];
    const { ask, told, partition } = closed(at => void asked.push(at));
    ask();
    ask();
    expect([told, partition.gate, asked]).toEqual([
      ['open in 1'],
      undefined,
      [{ topic: 't', partition: 0, epoch: 1 }],
    ]);
  });

  test('without `ready` is open from the start', () => {
    const partition: Gated = { topic: 't', partition: 0, epoch: 1, gate: undefined };
    const none = () => {
      throw new Error('nothing is to be told');
    };
    const clock = new ManualClock();
    const parts = { clock, event: none, backoffMs: none, isCurrent: none, opened: none, failed: none };
    const gates = new Gates<Gated>({ ...parts, ready: undefined });
    gates.close([partition]);
    gates.ask([partition]);
    expect(partition.gate).toBeUndefined();
  });

  test('refused for now is asked again, ever later, for as long as the partition is there', async () => {
    let calls = 0;
    const { clock, ask, told, events, lose } = closed(() => {
      calls++;
      return Promise.reject(later);
    });
    ask();
    await clock.advance(99);
    expect(calls).toBe(1);
    await clock.advance(1);
    expect(calls).toBe(2);
    await clock.advance(200);
    expect(calls).toBe(3);
    expect(events).toMatchObject([
      { type: 'retrying', what: 'gate of t-0', attempt: 1, delayMs: 100, reason: 'not now' },
      { attempt: 2, delayMs: 200 },
      { attempt: 3, delayMs: 300 },
    ]);
    lose();
    await clock.advance(10_000);
    expect([calls, told]).toEqual([3, []]);
  });

  test('that opens at another try says so, and that it had been tried', async () => {
    const answers = [later, later, undefined];
    const { clock, ask, told, events } = closed(() => {
      const answer = answers.shift();
      return answer === undefined ? undefined : Promise.reject(answer);
    });
    ask();
    await clock.advance(300);
    expect(events.map(event => event.type)).toEqual(['retrying', 'retrying', 'retried']);
    expect([events[2], told]).toEqual([{ type: 'retried', what: 'gate of t-0' }, ['open in 1']]);
  });

  test('that throws, or rejects with what is no error of ours, fails the consumer', async () => {
    const throwing = closed(() => {
      throw new TypeError('a fault');
    });
    throwing.ask();
    const rejecting = closed(() => Promise.reject('a fault'));
    rejecting.ask();
    await rejecting.clock.settle();
    expect([throwing.told, rejecting.told]).toEqual([['DRIVER'], ['DRIVER']]);
  });

  test('of an epoch that is over says nothing, open or refused; a seek ends none', async () => {
    const answers: ((error?: unknown) => void)[] = [];
    const { clock, partition, gates, told, ask } = closed(
      () =>
        new Promise<void>((open, refuse) => {
          answers.push(error => (error === undefined ? open() : refuse(error)));
        }),
    );
    ask();
    ask();
    expect(answers).toHaveLength(1);
    gates.close([partition]);
    ask();
    gates.close([partition]);
    ask();
    answers[0]?.();
    answers[1]?.(new KafkaRxError('COMMIT_REFUSED', 'too late'));
    await clock.settle();
    expect([told, partition.gate]).toEqual([[], { asked: true }]);
    partition.epoch = 7;
    answers[2]?.();
    await clock.settle();
    expect(told).toEqual(['open in 7']);
  });
});
