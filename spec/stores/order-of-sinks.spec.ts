/** The last state of a customer, of which several sinks of one store write: what stays is what came last. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as t from 'io-ts';
import { type App, type DocumentStore, json, memoryStore, retry, string } from 'kafka-rx';
import { lmdb } from 'kafka-rx/lmdb';
import { branch } from 'kafka-rx/operators';
import { held, type Member, Members } from '../app/members.js';

const stateCodec = json(t.strict({ id: t.string, region: t.string, n: t.number }));
type State = typeof stateCodec extends { decode(...args: never): infer V } ? V : never;
const options = { value: stateCodec, id: (state: State) => state.id };

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kafka-rx-order-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const stores: [string, () => DocumentStore<State>][] = [
  ['memory', () => memoryStore('state', options)],
  ['lmdb', () => lmdb('state', { ...options, directory })],
];

/** Each write waits for the gate; the first `failures` are refused. */
function gated(store: DocumentStore<State>, failures = 0) {
  const gate = { open: held<void>() };
  const writes: number[][] = [];
  const inner = store.write.bind(store);
  const write: typeof inner = async (documents, guard) => {
    writes.push(documents.map(document => document.value.n));
    await gate.open.promise;
    if (failures-- > 0) throw new Error('the disk is full');
    await inner(documents, guard);
  };
  return { store: Object.assign(store, { write }), gate, writes };
}

const policy = () => retry({ attempts: 3, initialDelayMs: 50 });

/** Each sink has its own policy, or both have the app's. */
function wire(app: App, store: DocumentStore<State>, own: boolean): void {
  const { eu, otherwise } = branch(app.topic('in', { key: string, value: stateCodec }), {
    eu: ({ region }) => region === 'eu',
  });
  eu.subscribe(app.store(store, { name: 'eu', ...(own && { onStoreError: policy() }) }));
  otherwise.subscribe(app.store(store, { name: 'us', ...(own && { onStoreError: policy() }) }));
}

const put = (members: Members, n: number, region: string) =>
  members.broker.publish('in', [{ key: 'c1', value: JSON.stringify({ id: 'c1', region, n }) }]);

/** Real disks answer in their own time. */
async function committed(members: Members, member: Member, offset: number): Promise<void> {
  for (let i = 0; i < 400 && members.committed('in')[0] !== offset; i++) {
    await members.pass(20);
    await new Promise(resolve => setTimeout(resolve, 2));
  }
  expect([member.outcome, members.committed('in')]).toEqual(['running', [offset]]);
}

describe.each(stores)(
  'the last record of an id is what %s keeps, whichever sink it came to',
  (_name, make) => {
    test.each([true, false])('while a sink is busy (policies of their own: %s)', async own => {
      const members = new Members({ in: 1 });
      const { store, gate, writes } = gated(make());
      const member = members.start(app => wire(app, store, own), { policies: { store: policy() } });
      await members.pass(100);
      put(members, 0, 'eu');
      await members.settle();
      put(members, 1, 'eu');
      put(members, 2, 'us');
      await members.settle();
      gate.open.resolve();
      await committed(members, member, 3);
      expect([writes.flat(), (await store.get('c1'))?.value.n]).toEqual([[0, 1, 2], 2]);
      const stopped = member.app.stop();
      await members.pass(1000);
      await stopped;
    });

    test.each([true, false])(
      'while a write waits to be tried again (policies of their own: %s)',
      async own => {
        const members = new Members({ in: 1 });
        const { store, gate } = gated(make(), 1);
        const member = members.start(app => wire(app, store, own), { policies: { store: policy() } });
        await members.pass(100);
        gate.open.resolve();
        put(members, 1, 'eu');
        await members.settle();
        put(members, 2, 'us');
        await committed(members, member, 2);
        expect((await store.get('c1'))?.value.n).toBe(2);
        const stopped = member.app.stop();
        await members.pass(1000);
        await stopped;
      },
    );

    test('where both are in one write that fails, and is tried again as a whole', async () => {
      const members = new Members({ in: 1 });
      const { store, gate, writes } = gated(make(), 3);
      const member = members.start(app => wire(app, store, true));
      await members.pass(100);
      gate.open.resolve();
      put(members, 1, 'eu');
      put(members, 2, 'us');
      put(members, 3, 'eu');
      await committed(members, member, 3);
      expect([(await store.get('c1'))?.value.n, writes.at(-1)]).toEqual([3, [1, 2, 3]]);
      const stopped = member.app.stop();
      await members.pass(1000);
      await stopped;
    });
  },
);
