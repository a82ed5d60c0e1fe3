import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, type AppOptions, type DocumentStore, memoryStore, string } from 'kafka-rx';
import { lmdb } from 'kafka-rx/lmdb';
import { mapAsync } from 'kafka-rx/operators';
import { type Member, Members } from './members.js';

const value = string;
const into =
  (...stores: readonly DocumentStore<string>[]) =>
  (app: App): void => {
    const in$ = app.topic('in', { value });
    for (const store of stores) in$.subscribe(app.store(store));
  };
const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => String(from + i));
const told = ({ events }: Member) => events.filter(({ type }) => type === 'store-new');
const consumed = ({ metrics }: Member) => metrics.value('kafka_rx_records_consumed_total');

async function running(members: Members, topology: (app: App) => void, options: Partial<AppOptions> = {}) {
  const member = members.start(topology, options);
  // In small steps: the stores on disk answer in real time.
  for (let i = 0; i < 40; i++) {
    await members.pass(50);
    await new Promise(resolve => setTimeout(resolve, 2));
  }
  return member;
}

async function stop(members: Members, member: Member): Promise<void> {
  void member.app.stop();
  for (let i = 0; i < 100 && member.outcome === 'running'; i++) {
    await members.pass(50);
    await new Promise(resolve => setTimeout(resolve, 2));
  }
}

async function ran(members: Members, topology: (app: App) => void, options: Partial<AppOptions> = {}) {
  const member = await running(members, topology, options);
  await stop(members, member);
  return member;
}

describe('a store that is new where the commits name another', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kafka-rx-lost-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const onDisk = (place = directory) => lmdb('history', { value: string, directory: place });
  async function texts(store: DocumentStore<string>): Promise<string[]> {
    await store.open();
    const found: string[] = [];
    for await (const document of store.byTime()) found.push(document.value);
    await store.close();
    return found.sort((a, b) => Number(a) - Number(b));
  }
  /** Fills the folder, then loses it. */
  async function lost(): Promise<Members> {
    const members = new Members({ in: 2 });
    members.broker.publish(
      'in',
      numbers(0, 10).map((text, i) => ({ value: text, partition: i % 2 })),
    );
    expect((await ran(members, into(onDisk()))).outcome).toBe('done');
    expect(await texts(onDisk())).toEqual(numbers(0, 10));
    rmSync(directory, { recursive: true, force: true });
    return members;
  }

  test('in the place of a lost folder it is filled again, also where it has noted another partition since', async () => {
    const members = await lost();
    members.broker.createTopic('other', 1);
    members.publish('other', '100');
    const other = (app: App) => void app.topic('other', { value }).subscribe(app.store(onDisk()));
    expect(told(await ran(members, other))).toEqual([]);
    const both = (app: App) => void app.topic(/^(in|other)$/, { value }).subscribe(app.store(onDisk()));
    const member = await ran(members, both);
    expect(told(member)).toEqual([
      { type: 'store-new', store: 'history', because: 'lost', does: 'refill', partitionCount: 2 },
    ]);
    expect(await texts(onDisk())).toEqual([...numbers(0, 10), '100']);
    // Once: the commits name it now.
    expect(told(await ran(members, both))).toEqual([]);
  });

  test('in the place of a lost folder it is filled again, which event, log and health tell', async () => {
    const members = await lost();
    const lines: string[] = [];
    const line = (_: object, text: string) => void lines.push(text);
    const logger = { debug: line, info: line, warn: line, error: line };
    const member = members.start(into(onDisk()), { logger });
    const reasons: string[] = [];
    let isTold = true;
    member.app.events$.subscribe(event => {
      if (event.type !== 'waiting' || !/'history'.*filled again/.test(event.reason)) return;
      reasons.push(event.reason);
      isTold = member.app.health().reasons.includes(event.reason);
    });
    for (let i = 0; i < 60; i++) {
      await members.pass(20);
      await new Promise(resolve => setTimeout(resolve, 2));
    }
    expect([reasons.length, isTold]).toEqual([1, true]);
    expect(member.app.health()).toMatchObject({ ready: true, reasons: [] });
    await stop(members, member);
    expect(told(member)).toMatchObject([
      { store: 'history', because: 'lost', does: 'refill', partitionCount: 2 },
    ]);
    expect(lines.join('\n')).toMatch(/store.*is new/);
    expect(await texts(onDisk())).toEqual(numbers(0, 10));
    expect(members.committed('in')).toEqual([5, 5]);

    // Filled, it is an old one.
    const next = await ran(members, into(onDisk()));
    expect([told(next), consumed(next)]).toEqual([[], 0]);
  });

  test('a refill is no reason of a member any more that has lost the partition', async () => {
    const members = await lost();
    const member = await running(members, app => {
      const in$ = app.topic('in', { value }).pipe(mapAsync(() => new Promise<string>(() => {})));
      in$.subscribe(app.store(onDisk()));
    });
    const filled = () => member.app.health().reasons.filter(reason => reason.includes('is filled again'));
    const seen = [filled().length];
    member.app.events$.subscribe(({ type }) => type === 'lost' && seen.push(filled().length));
    members.broker.faults.losePartitions(members.memberIds()[0] ?? '');
    await members.pass(10);
    expect(seen).toEqual([1, 0]);
    await stop(members, member);
  });

  test('a refill that is cut off goes on, also with the partitions of which nothing was committed anew', async () => {
    const members = await lost();
    const first = members.start(into(onDisk()), { commit: { every: 100_000, intervalMs: 100_000 } });
    for (let i = 0; i < 20 && told(first).length === 0; i++) {
      await members.pass(10);
      await new Promise(resolve => setTimeout(resolve, 2));
    }
    members.broker.faults.crash(members.memberIds()[0] ?? '');
    await members.pass(60_000);
    const second = await ran(members, into(onDisk()));
    expect(told(first)).toHaveLength(1);
    expect(second.outcome).toBe('done');
    expect(await texts(onDisk())).toEqual(numbers(0, 10));
  });

  test.each([
    ['keep', 'done', 0],
    ['fail', 'STORE_LOST', 0],
    ['refill', 'done', 10],
  ] as const)('does what onStoreLost says: %s', async (onStoreLost, outcome, read) => {
    const members = await lost();
    const member = await ran(members, into(onDisk()), { onStoreLost });
    expect(member.outcome).toEqual(outcome === 'done' ? 'done' : expect.objectContaining({ code: outcome }));
    expect(told(member)).toMatchObject([{ because: 'lost', does: onStoreLost }]);
    expect(consumed(member)).toBe(read);
    expect(await texts(onDisk())).toHaveLength(read);
  });

  test('kept empty, it is a reason in health as long as the app runs', async () => {
    const members = await lost();
    const member = await running(members, into(onDisk()), { onStoreLost: 'keep' });
    expect(member.app.health()).toMatchObject({
      ready: true,
      reasons: [expect.stringMatching(/'history'.*holds nothing.*resetGroup/)],
    });
    await stop(members, member);
  });

  test('in another place it may be another member’s: kept empty and told, filled on request', async () => {
    const members = await lost();
    const elsewhere = join(directory, 'elsewhere');
    const kept = await ran(members, into(onDisk(elsewhere)));
    expect(told(kept)).toMatchObject([{ store: 'history', because: 'unsure', does: 'keep' }]);
    expect(consumed(kept)).toBe(0);
    const third = join(directory, 'third');
    const filled = await ran(members, into(onDisk(third)), { onStoreLost: 'refill' });
    expect(told(filled)).toMatchObject([{ because: 'unsure', does: 'refill' }]);
    expect(await texts(onDisk(third))).toEqual(numbers(0, 10));
  });

  test('in memory, with no other member alive, it is lost', async () => {
    const members = new Members({ in: 1 });
    members.publish('in', ...numbers(0, 5));
    await ran(members, into(memoryStore<string>('history')));
    const again = memoryStore<string>('history');
    const member = await ran(members, into(again));
    expect(told(member)).toMatchObject([{ because: 'lost', does: 'refill' }]);
    expect(again.documents().map(document => document.value)).toEqual(numbers(0, 5));
  });

  test('beside a member that lives it is of another member: nothing is repeated', async () => {
    const members = new Members({ in: 2 });
    const first = await running(members, into(memoryStore<string>('history')));
    members.broker.publish(
      'in',
      numbers(0, 10).map((text, i) => ({ value: text, partition: i % 2 })),
    );
    await members.pass(200);
    const second = await running(members, into(memoryStore<string>('history')));
    await members.pass(500);
    expect(told(second)).toMatchObject([{ because: 'other-member', does: 'keep', partitionCount: 1 }]);
    expect([consumed(first), consumed(second)]).toEqual([10, 0]);
    expect(second.app.health()).toMatchObject({ ready: true, reasons: [] });
  });

  test('added to a topology that ran without it, it begins where the group is, which is told', async () => {
    const members = new Members({ in: 1 });
    const history = memoryStore<string>('history');
    const audit = memoryStore<string>('audit');
    members.publish('in', ...numbers(0, 5));
    await ran(members, into(history));
    members.publish('in', '5');
    const member = await running(members, into(history, audit));
    expect(told(member)).toMatchObject([{ store: 'audit', because: 'added', does: 'keep' }]);
    expect(member.app.health().reasons).toEqual([expect.stringMatching(/'audit'.*resetGroup/)]);
    expect(audit.documents().map(document => document.value)).toEqual(['5']);
    await stop(members, member);
  });

  test('a new group, and one whose offsets a tool has set, have nothing to tell', async () => {
    const members = new Members({ in: 1 });
    members.publish('in', ...numbers(0, 5));
    expect(told(await ran(members, into(memoryStore<string>('history'))))).toEqual([]);
    members.broker.setCommitted('group', { topic: 'in', partition: 0 }, 3);
    const store = memoryStore<string>('history');
    expect(told(await ran(members, into(store)))).toEqual([]);
    expect(store.documents().map(document => document.value)).toEqual(['3', '4']);
  });
});
