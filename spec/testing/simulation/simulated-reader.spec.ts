import { delay } from '../../../lib/base/clock.js';
import { MemoryBroker, memory } from '../../../lib/drivers/memory/index.js';
import { isKafkaRxError } from '../../../lib/errors/errors.js';
import { DrawnChoices } from '../../../lib/testing/simulation/choices.js';
import { simulatedReaders } from '../../../lib/testing/simulation/simulated-reader.js';
import { Wire } from '../../../lib/testing/simulation/wire.js';
import { type Actor, World } from '../../../lib/testing/simulation/world.js';
import { quietContext } from '../../drivers/quiet-context.js';

const wanted = Array.from({ length: 20 }, (_, i) => String(i));

/** One run of a process that reads while somebody writes, over a wire that loses and delays. */
async function run(seed: number) {
  const world = new World(new DrawnChoices(seed));
  const outside: Actor = { name: 'outside', state: 'running' };
  const process: Actor = { name: 'process', state: 'running' };
  const marks: string[] = [];
  const host = {
    ...{
      world,
      outside,
      reached: () => false,
      disturbed: () => {},
      mark: (name: string) => void marks.push(name),
    },
    faults: { lostRequests: 0.2, lostAnswers: 0.2, delays: 0.2, delayMs: 1_000 },
  };
  const wire = new Wire(host, process);
  const broker = new MemoryBroker({ clock: world.clockOf(outside) });
  broker.createTopic('in', 1);
  const read: string[] = [];
  let outcome = '';
  const reading = async (): Promise<void> => {
    const connection = await memory({ broker }).connect(quietContext('c', world.clockOf(outside)));
    if (connection.reader === undefined) return;
    const open = simulatedReaders(connection.reader, wire);
    const reader = open({ topic: 'in', partition: 0, from: 0, maxBytes: 5, readCommitted: true });
    for (let atEnd = false; !atEnd || read.length < wanted.length; ) {
      try {
        const batch = await reader.next();
        atEnd = batch === undefined;
        for (let one = batch?.next(); one !== undefined; one = batch?.next()) read.push(String(one.value));
      } catch (error) {
        if (!isKafkaRxError(error) || !error.retriable) throw error;
      }
    }
    const late = reader.next().then(
      () => 'nothing',
      (error: { readonly code: string }) => error.code,
    );
    await reader.close();
    outcome = await late;
  };
  const writing = async (): Promise<void> => {
    for (const value of wanted) {
      broker.publish('in', [{ value }]);
      await delay(world.clockOf(outside), 100);
    }
  };
  let done = false;
  const both = Promise.all([reading(), writing()]).finally(() => {
    done = true;
  });
  await world.run({ done: () => done, untilMs: 1_000_000, maxSteps: 100_000 });
  if (done) await both;
  return { read, outcome, marks };
}

test('over a wire that loses requests and answers a reader has all of it once, in order', async () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 30; seed++) {
    const { read, outcome, marks } = await run(seed);
    expect([seed, read]).toEqual([seed, wanted]);
    for (const mark of [...marks, outcome]) seen.add(mark);
  }
  // The call that is under way while it is closed: cut short by that, or lost, or answered before.
  for (const mark of ['CLOSED', 'lost answer: read', 'lost request: read'])
    expect([mark, seen.has(mark)]).toEqual([mark, true]);
  expect(seen.has('')).toBe(false);
});
