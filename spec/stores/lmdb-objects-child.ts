/**
 * A process of its own for `lmdb-objects.spec.ts`, since what it tries may block its event loop: `lmdb-objects-child.ts HOW DIRECTORY [OTHER PATH]`.
 *
 * - `open` opens and closes other objects of the folder, by its other path, while one writes to it; `read` the same with those that only read,
 *   `note` the same with some that note a position.
 * - `apps` lets apps of one group, each with an object of its own, come and go while records do.
 *
 * A line of JSON with what came of it.
 */
import { writeSync } from 'node:fs';
import * as t from 'io-ts';
import { createApp, json, string } from 'kafka-rx';
import { lmdb } from 'kafka-rx/lmdb';
import { MemoryBroker, memory } from 'kafka-rx/memory';

const [how = '', directory = '', otherPath = directory] = process.argv.slice(2);
const store = (options: { readonly directory?: string; readonly readOnly?: boolean } = {}) =>
  lmdb('numbers', { directory, value: json(t.number), ...options });
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));
const tell = (what: object) => writeSync(1, JSON.stringify(what));
const documents = (from: number) =>
  Array.from({ length: 20 }, (_, i) => ({
    source: { origin: 'c/t', partition: 0, offset: from + i, ordinal: '' },
    timestamp: from + i,
    value: from + i,
  }));

async function objects(): Promise<void> {
  const writer = store();
  await writer.open();
  let written = 0;
  let done = false;
  const writing = (async () => {
    for (; !done; written += 20) await writer.write(documents(written));
  })();
  let opened = 0;
  for (; opened < 40; opened++) {
    await pause(opened % 4);
    const other = store({ directory: otherPath, readOnly: how === 'read' });
    await other.open();
    if (how === 'open') await other.write(documents(1e6 + opened * 20));
    if (how === 'note') await other.positions?.advance([{ origin: 'c/other', partition: 0, offset: opened }]);
    await other.close();
  }
  done = true;
  await writing;
  tell({ opened, missing: written + (how === 'open' ? opened * 20 : 0) - (await writer.count()) });
  await writer.close();
}

async function apps(): Promise<void> {
  const broker = new MemoryBroker();
  broker.createTopic('in', 3);
  const failures: string[] = [];
  const member = () => {
    const app = createApp({ groupId: 'g', driver: memory({ broker }), commit: { intervalMs: 20 } });
    app.topic('in', { key: string, value: json(t.number) }).subscribe(app.store(store()));
    const running = app.run().catch((error: unknown) => failures.push(String(error)));
    return { app, running };
  };
  const first = member();
  let sent = 0;
  const sending = setInterval(() => {
    for (let i = 0; i < 10; i++) broker.publish('in', [{ key: `c${sent % 7}`, value: String(sent++) }]);
  }, 1);
  let joined = 0;
  for (; joined < 24; joined++) {
    const other = member();
    await pause(30 + joined);
    if (joined % 2 === 1) broker.faults.rebalance('g');
    await pause(20);
    await other.app.stop();
    await other.running;
  }
  clearInterval(sending);
  const committed = () => broker.committed('g', 'in').reduce((sum, offset) => sum + Math.max(offset, 0), 0);
  for (let i = 0; i < 200 && committed() < sent; i++) await pause(20);
  await first.app.stop();
  await first.running;
  const look = store();
  await look.open();
  tell({ joined, failures, uncommitted: sent - committed(), missing: sent - (await look.count()) });
  await look.close();
}

await (how === 'apps' ? apps() : objects());
