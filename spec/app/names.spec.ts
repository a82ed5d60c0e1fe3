/** What names something, to Kafka or in errors, metrics and commits: one declaration for each kind. */
import { type App, createApp, type DocumentStore, memoryStore, resetGroup, string } from 'kafka-rx';
import { lmdb } from 'kafka-rx/lmdb';
import { MemoryBroker, memory } from 'kafka-rx/memory';
import { batch, branch, mapValue, mergeNamed, through } from 'kafka-rx/operators';
import { testApp } from 'kafka-rx/testing';
import { NEVER } from 'rxjs';

const value = string;
const driver = memory();
const app = (): App => createApp({ groupId: 'g', driver });
const broker = new MemoryBroker();
broker.createTopic('in', 1);
const nothing = (): void => {};
const named = (name: string): DocumentStore<string> => ({ ...memoryStore<string>('s'), name });

type Taker = (name: string) => unknown;

/** The protocol has 32,767 bytes, and the brokers make member ids of a client's id. */
const ofKafka: Record<string, Taker> = {
  'createApp: groupId': groupId => createApp({ groupId, driver }),
  'createApp: clientId': clientId => createApp({ groupId: 'g', driver, clientId }),
  'resetGroup: groupId': groupId => resetGroup({ groupId, driver, topics: ['in'], to: 'latest' }),
  'testApp: groupId': groupId => testApp(() => NEVER, { groupId }),
  'setCommitted: groupId': groupId => broker.setCommitted(groupId, { topic: 'in', partition: 0 }, 0),
};

const ofOurs: Record<string, Taker> = {
  'memoryStore: the name': name => memoryStore(name),
  'lmdb: the name': name => lmdb(name, { value, directory: '/nowhere' }),
  'app.store': name => app().store(named(name)),
  "app.store('s'): name": name => app().store(memoryStore<string>('s'), { name }),
  "app.to('out'): name": name => app().to('out', { value, name }),
  'app.each: name': name => app().each(nothing, { name }),
  'app.watch: name': name => app().watch(nothing, { name }),
  'mapValue: name': name => mapValue(nothing, { name }),
  'batch: name': name => batch(records => records.length, { maxRecords: 1, name }),
  'through: name': name => through(app().store(memoryStore<string>('s')), { name }),
  'mergeNamed: the name': name => mergeNamed(name, NEVER),
  'branch: the name of a guard': name => branch(NEVER, { [name]: () => true }),
  "memoryStore('s'): by": name => memoryStore('s', { by: { [name]: String } }),
};

const topics: Record<string, Taker> = {
  'app.topic': name => app().topic(name, { value }),
  'app.to': name => app().to(name, { value }),
  'createApp: deadLetters': topic => createApp({ groupId: 'g', driver, deadLetters: { topic } }),
  'createApp: coPartitioned': name => createApp({ groupId: 'g', driver, coPartitioned: [[name, 'b']] }),
  'resetGroup: topics': name => resetGroup({ groupId: 'g', driver, topics: [name], to: 'latest' }),
};

const odd = {
  'a NUL': 'a\0b',
  'a line break': 'a\nb',
  'half a surrogate pair': 'a\ud800',
  'the other half': '\udc00a',
  'white space before it': ' a',
  'white space behind it': 'a\u00a0',
};

const refusal = async (take: Taker, name: string): Promise<unknown> => {
  try {
    await take(name);
  } catch (error) {
    return error;
  }
  return undefined;
};

describe.each(Object.entries({ ...ofKafka, ...ofOurs, ...topics }))('%s', (where, take) => {
  const most = where in ofKafka ? 32_000 : 249;
  test.each(Object.entries({ ...odd, 'too much': 'n'.repeat(most + 1) }))('refuses %s', async (_, name) => {
    const error = await refusal(take, name);
    expect(error).toMatchObject({ code: 'CONFIGURATION' });
    // A terminal would act on it.
    expect((error as Error).message).not.toMatch(/\p{Cc}|\p{Cs}/u);
    if (where in topics) return;
    expect(error).toMatchObject({ message: expect.stringContaining(where) });
    expect((error as Error).message).not.toContain('nnnnnnnnnn');
  });
});

const sync = Object.entries({ ...ofKafka, ...ofOurs }).filter(
  ([where]) => !/^(resetGroup|testApp)/.test(where),
);

test.each(sync)('%s may be all else, up to its length in bytes', (where, take) => {
  const most = where in ofKafka ? 32_000 : 249;
  for (const name of ['a', 'all purchases', 'Käufe 😀', 'n'.repeat(most)]) {
    expect(() => take(name)).not.toThrow();
  }
  expect(() => take('ü'.repeat(most / 2 + 1))).toThrow('bytes');
});

test('the error says what is wrong with a name, and what it may be', () => {
  expect(() => createApp({ groupId: ' g', driver })).toThrow(
    'createApp: groupId must be text of 1 to 32000 bytes, without control characters or white space around it, and ' +
      'has white space around it',
  );
  expect(() => memoryStore('a\ud800')).toThrow('and has half a surrogate pair in it');
});
