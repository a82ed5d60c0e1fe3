/** The hostile corpus through the real topology on the embedded broker, one record after the other, on virtual time. */
import { bytes, json, nullable, string } from 'kafka-rx';
import { testApp } from 'kafka-rx/testing';
import type { MaskedPurchase } from '../../demos/purchases/model.js';
import { MaskedPurchase as Masked } from '../../demos/purchases/model.js';
import { historyOptions, purchases } from '../../demos/purchases/topology.js';
import { memoryStore } from '../../lib/stores/memory-store.js';
import { hostileRecords, purchase } from './corpus.js';
import { strayed } from './verdict.js';

const topics = ['patterns', 'rewards', 'purchases'] as const;

test.each([1, 2, 3])('corpus of seed %i: nothing is missing, nothing behind it waits', async seed => {
  const corpus = hostileRecords(seed);
  expect(corpus.length).toBeGreaterThanOrEqual(300);
  const store = memoryStore<MaskedPurchase>('history', historyOptions);
  const policies = {
    decode: 'dead-letter',
    process: 'dead-letter',
    encode: 'dead-letter',
    produce: 'dead-letter',
  } as const;
  const app = await testApp(app => purchases(app, store), {
    policies,
    deadLetters: { topic: 'dead', limit: 'none' },
  });
  const read = async (customerId: string): Promise<ReadonlySet<string>> => {
    const outputs = new Set<string>();
    for (const topic of topics) if (app.read(topic, { value: string }).length > 0) outputs.add(topic);
    for await (const document of store.by('customer', customerId))
      if (document !== undefined) outputs.add('history');
    return outputs;
  };
  const wrong: string[] = [];
  for (const [index, record] of corpus.entries()) {
    const { key, value, headers, timestamp } = record;
    app.pipeIn('transactions', [{ key, value, headers, timestamp }]);
    await app.idle();
    const deadLetters = app.read('dead', { value: nullable(bytes) }).map(({ headers }) => stageOf(headers));
    const stray = strayed(record, { outputs: await read(record.customerId), deadLetters }, topics.length + 1);
    if (stray !== undefined) wrong.push(stray);

    const marker = `marker-${index}`;
    app.pipeIn('transactions', [{ key: marker, value: purchase(marker) }]);
    await app.idle();
    const behind = app.read('purchases', { value: json(Masked) }).map(({ value }) => value.customerId);
    if (behind[0] !== marker) wrong.push(`${marker} did not come through behind ${record.what}`);
    app.read('patterns', { value: string });
    app.read('rewards', { value: string });
  }
  expect(wrong).toEqual([]);
  expect(app.clock.elapsed()).toBeLessThan(1000);
  await app.stop();
  expect(app.committed('transactions')).toEqual([corpus.length * 2]);
});

function stageOf(headers: readonly { readonly key: string; readonly value: Buffer | null }[]): string {
  return String(headers.find(({ key }) => key === 'kafka-rx.dead-letter.stage')?.value);
}
