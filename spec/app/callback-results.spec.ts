/** What the functions of users give back is looked at too: what cannot be meant is told, and never waited for or written. */
import { retry, string } from 'kafka-rx';
import { MemoryBroker } from 'kafka-rx/memory';
import { mapAsync } from 'kafka-rx/operators';
import { testApp, VirtualClock } from 'kafka-rx/testing';

/** As JavaScript gives it. */
function loosely(value: unknown): never {
  return value as never;
}

const noDelays = [Number.NaN, Number.POSITIVE_INFINITY, -1, undefined, null, '5', {}, Promise.resolve(5), 5n];

test.each(noDelays)('a retry that is to wait %p fails the app with what gave it', async delayMs => {
  let calls = 0;
  const policy = { ...retry(), delayMs: () => loosely(delayMs) };
  const call = async () => {
    calls++;
    throw new Error('not now');
  };
  const t = await testApp(app =>
    app
      .topic('in', { value: string })
      .pipe(mapAsync(call, { onError: policy }))
      .subscribe(app.to('out', { value: string })),
  );
  t.pipeIn('in', [{ value: 'a' }]);
  await t.idle().catch(() => {});
  const error = await t.stop().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ message: expect.stringContaining('delayMs') });
  expect(calls).toBe(1);
  expect(t.committed('in')).toEqual([-1]);
});

const noShares = [
  Number.NaN,
  1,
  2,
  -0.5,
  undefined,
  null,
  '0.5',
  Promise.resolve(0),
  5n,
  Number.POSITIVE_INFINITY,
];

test.each(noShares)('a random of %p is told by its name, and writes nothing', async given => {
  const t = await testApp(
    app => app.topic('in', { value: string }).subscribe(app.to('out', { value: string })),
    { random: () => loosely(given), partitions: 3 },
  );
  expect(() => t.pipeIn('in', [{ value: 'a' }])).toThrow(
    expect.objectContaining({ message: expect.stringContaining('random') }),
  );
  expect(t.read('out', { value: string })).toEqual([]);
  await t.stop().catch(() => {});
});

test.each([Number.NaN, 3, -1, 0.5, undefined, null, '1', Promise.resolve(0)])(
  'a partitioner of the embedded broker that gives %p is told by its name',
  partition => {
    const broker = new MemoryBroker({ clock: new VirtualClock(), partitioner: () => loosely(partition) });
    broker.createTopic('in', 3);
    expect(() => broker.publish('in', [{ value: 'a' }])).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION', message: expect.stringContaining('partitioner') }),
    );
    expect(broker.endOffsets('in')).toEqual([0, 0, 0]);
  },
);
