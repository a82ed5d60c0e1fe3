import { type Codec, KafkaRxError, string } from 'kafka-rx';
import { testApp } from 'kafka-rx/testing';
import { held } from '../../app/members.js';

/** A codec that may decode only what it has prepared, as one with a schema registry does. */
function preparing(
  load: (batch: readonly string[]) => Promise<void>,
): Codec<string> & { readonly ready: Set<string> } {
  const ready = new Set<string>();
  return {
    ...string,
    ready,
    decode(bytes, at) {
      const text = string.decode(bytes, at);
      if (!ready.has(text)) throw new KafkaRxError('DECODE', 'not prepared', { at });
      return text;
    },
    async prepare(batch) {
      const texts = batch.map(String);
      await load(texts);
      for (const text of texts) ready.add(text);
    },
  };
}

test('records are decoded only after their batch was prepared, in order, and committed', async () => {
  const waiting: (() => void)[] = [];
  const value = preparing(() => new Promise(resolve => waiting.push(resolve)));
  const t = await testApp(app => app.topic('in', { value }).subscribe(app.to('out', { value: string })));
  t.pipeIn('in', [{ value: 'a' }, { value: 'b' }]);
  t.pipeIn('in', [{ value: 'c' }]);
  await t.idle();
  expect(t.read('out', { value: string })).toEqual([]);

  // The later batch is prepared first; its records wait for those before.
  waiting[1]?.();
  await t.idle();
  expect(t.read('out', { value: string })).toEqual([]);
  waiting[0]?.();
  await t.idle();
  expect(t.read('out', { value: string }).map(record => record.value)).toEqual(['a', 'b', 'c']);
  await t.stop();
  expect(t.committed('in')).toEqual([3]);
});

test('a batch that cannot be prepared fails the app at its first record, and nothing is committed', async () => {
  const value = preparing(() => Promise.reject(new Error('the registry is down')));
  const t = await testApp(app => app.topic('in', { value }).subscribe(app.to('out', { value: string })));
  t.pipeIn('in', [{ value: 'a' }]);
  await t.idle();
  await expect(t.stop()).rejects.toMatchObject({
    code: 'DECODE',
    at: { topic: 'in', partition: 0, offset: 0 },
  });
  expect(t.committed('in')).toEqual([-1]);
});

test('what is being prepared when the app stops is not handed out', async () => {
  let release: () => void = () => {};
  const value = preparing(() => new Promise(resolve => (release = resolve)));
  const t = await testApp(app => app.topic('in', { value }).subscribe(app.to('out', { value: string })));
  t.pipeIn('in', [{ value: 'a' }]);
  const stopped = t.stop();
  release();
  await stopped;
  expect(t.read('out', { value: string })).toEqual([]);
  expect(t.committed('in')).toEqual([-1]);
});

test('what cannot be prepared of an epoch that is over fails nothing: its records come again', async () => {
  const first = held();
  let calls = 0;
  const value = preparing(async () => {
    if (++calls > 1) return;
    await first.promise;
    throw new Error('the registry is down');
  });
  const t = await testApp(app => app.topic('in', { value }).subscribe(app.to('out', { value: string })));
  t.pipeIn('in', [{ value: 'a' }]);
  await t.idle();
  t.broker.faults.rebalance('test');
  await t.idle();
  first.resolve();
  await t.idle();
  expect(t.read('out', { value: string }).map(record => record.value)).toEqual(['a']);
  await t.stop();
  expect(t.committed('in')).toEqual([1]);
});
