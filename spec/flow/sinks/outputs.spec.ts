import { KafkaRxError } from 'kafka-rx';
import type { DriverConnection } from '../../../lib/drivers/port.js';
import { Outputs } from '../../../lib/flow/sinks/outputs.js';
import { ScriptedProducer } from './scripted-producer.js';

const own = new ScriptedProducer();
// Of a connection they ask for a producer only.
const connection = { producer: () => own } as unknown as DriverConnection;

async function opened(...topics: string[]): Promise<Outputs> {
  const outputs = new Outputs({ maxRecordBytes: 1000, deliveryTimeoutMs: 1000 });
  for (const topic of topics) outputs.declare(topic);
  await outputs.open(connection);
  return outputs;
}

describe('channels', () => {
  test('0 is the app’s producer; others get the lowest slot that is free', async () => {
    const outputs = await opened();
    const open = () => outputs.openChannel(new ScriptedProducer());
    const [first, second, third] = [await open(), await open(), await open()];
    expect([first.slot, second.slot, third.slot]).toEqual([1, 2, 3]);
    await outputs.closeChannel(second);
    await outputs.closeChannel(first);
    expect([(await open()).slot, (await open()).slot, (await open()).slot]).toEqual([1, 2, 4]);
    expect(outputs.channel(0).slot).toBe(0);
    expect(outputs.channel(3)).toBe(third);
  });

  test('that are opened at once get slots of their own', async () => {
    const outputs = await opened('out');
    const both = await Promise.all([1, 2].map(() => outputs.openChannel(new ScriptedProducer())));
    expect(both.map(({ slot }) => slot)).toEqual([1, 2]);
  });

  test('know the topics of all sinks before they are there; where they cannot, the slot stays free', async () => {
    const outputs = await opened('out', 'dead');
    const failing = new ScriptedProducer();
    failing.preparing = Promise.reject(new KafkaRxError('MISSING_TOPIC', 'no dead'));
    await expect(outputs.openChannel(failing)).rejects.toThrow('no dead');
    expect([failing.prepared, failing.closed]).toEqual([['out', 'dead'], 0]);
    expect((await outputs.openChannel(new ScriptedProducer())).slot).toBe(1);
  });

  test('are closed with their producers; closed again, the next of the slot stays', async () => {
    const outputs = await opened();
    const [before, after] = [new ScriptedProducer(), new ScriptedProducer()];
    const first = await outputs.openChannel(before);
    await outputs.closeChannel(first);
    const second = await outputs.openChannel(after);
    await outputs.closeChannel(first);
    expect(outputs.channel(1)).toBe(second);
    expect([before.closed > 0, after.closed]).toEqual([true, 0]);
  });

  test('there are none of before the app runs, and of a task that is gone: both say so', async () => {
    const outputs = new Outputs({ maxRecordBytes: 1000, deliveryTimeoutMs: 1000 });
    expect(() => outputs.channel(0)).toThrow(/before the app ran.*app\.run/);
    await outputs.open(connection);
    const channel = await outputs.openChannel(new ScriptedProducer());
    await outputs.closeChannel(channel);
    expect(() => outputs.channel(1)).toThrow(expect.objectContaining({ code: 'CLOSED' }));
  });
});

describe('closing', () => {
  test('closes all, and waits for all, also behind one that cannot', async () => {
    const outputs = await opened();
    const [failing, slow] = [new ScriptedProducer(), new ScriptedProducer()];
    failing.closing = Promise.reject(new Error('cannot'));
    let done: () => void = () => {};
    slow.closing = new Promise(resolve => {
      done = resolve;
    });
    await outputs.openChannel(failing);
    await outputs.openChannel(slow);
    const before = own.closed;
    let isOver = false;
    const closed = outputs.close().finally(() => {
      isOver = true;
    });
    closed.catch(() => {});
    await new Promise(resolve => setImmediate(resolve));
    expect([own.closed - before, failing.closed, slow.closed, isOver]).toEqual([1, 1, 1, false]);
    done();
    await expect(closed).rejects.toThrow('cannot');
  });

  test('refuses a channel that was on its way meanwhile: its producer stays with who made it', async () => {
    const outputs = await opened('out');
    const late = new ScriptedProducer();
    const opening = outputs.openChannel(late);
    await outputs.close();
    await expect(opening).rejects.toMatchObject({ code: 'CLOSED' });
    expect(late.closed).toBe(0);
  });
});

describe('what is buffered', () => {
  test('is what all channels buffer, as long as they are there', async () => {
    const outputs = await opened();
    const [one, other] = [new ScriptedProducer(), new ScriptedProducer()];
    const channel = await outputs.openChannel(one);
    await outputs.openChannel(other);
    own.bufferedBytes = 1;
    one.bufferedBytes = 20;
    other.bufferedBytes = 300;
    expect(outputs.bufferedBytes).toBe(321);
    await outputs.closeChannel(channel);
    expect(outputs.bufferedBytes).toBe(301);
    own.bufferedBytes = 0;
  });

  test('reaches a bound in all channels together, and no longer does, as soon as it is so', async () => {
    const outputs = await opened();
    const [one, other] = [new ScriptedProducer(), new ScriptedProducer()];
    await outputs.openChannel(one);
    await outputs.openChannel(other);
    expect(outputs.reaches(100)).toBe(false);
    one.bufferedBytes = 60;
    expect(outputs.reaches(100)).toBe(false);
    other.bufferedBytes = 40;
    expect(outputs.reaches(100)).toBe(true);
    other.bufferedBytes = 39;
    expect(outputs.reaches(100)).toBe(false);
  });

  test('in many channels is asked of eight for each record: a bound is heard of late, its end is not', async () => {
    const outputs = await opened();
    const producers = Array.from({ length: 80 }, () => new ScriptedProducer());
    for (const producer of producers) await outputs.openChannel(producer);
    const reading = producers.map(producer =>
      jest.spyOn(producer, 'bufferedBytes', 'get').mockReturnValue(0),
    );
    for (let record = 0; record < 20; record++) expect(outputs.reaches(100)).toBe(false);
    expect(reading[0]?.mock.calls.length).toBe(2);
    reading[9]?.mockReturnValue(100);
    const heard = Array.from({ length: 10 }, () => outputs.reaches(100));
    expect(heard.indexOf(true)).toBe(9);
    expect([outputs.reaches(100), outputs.reaches(100)]).toEqual([true, true]);
    reading[9]?.mockReturnValue(99);
    expect(outputs.reaches(100)).toBe(false);
  });

  test('of the app’s own channel alone is always as it is', async () => {
    const outputs = await opened();
    own.bufferedBytes = 99;
    expect(outputs.reaches(100)).toBe(false);
    own.bufferedBytes = 100;
    expect(outputs.reaches(100)).toBe(true);
    await outputs.openChannel(new ScriptedProducer());
    expect(outputs.reaches(100)).toBe(true);
    own.bufferedBytes = 0;
    expect(outputs.reaches(100)).toBe(false);
  });
});
