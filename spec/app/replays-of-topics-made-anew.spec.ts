/** A dead letter outlives the topic that its record was in: nothing of it may be taken for a record of the new one. */
import { type Header, memoryStore, readDeadLetter, replayHeaders, replayPrefix, string } from 'kafka-rx';
import { filterValue } from 'kafka-rx/operators';
import { Members } from './members.js';

const value = string;

/** Has `bad` fail as the record 0:1 of `in`, which is made anew afterwards and has other records by then. */
async function madeAnew() {
  const members = new Members({ in: 1, dead: 1 });
  const store = memoryStore<string>('history');
  let mended = false;
  const start = () =>
    members.start(
      app =>
        app
          .topic('in', { value })
          .pipe(
            filterValue(text => {
              if (text === 'bad' && !mended) throw new Error('not yet');
              return true;
            }),
          )
          .subscribe(app.store(store)),
      { policies: { process: 'dead-letter' }, deadLetters: { topic: 'dead', limit: 'none' } },
    );
  const first = start();
  await members.pass(100);
  members.publish('in', 'old 0', 'bad');
  await members.pass(100);
  void first.app.stop();
  await members.pass(1_000);
  const origin = originOf(members);
  members.broker.deleteTopic('in');
  members.broker.createTopic('in', 1);
  members.publish('in', 'new 0', 'new 1', 'new 2');
  mended = true;
  const second = start();
  await members.pass(1_000);
  const [letter] = members.broker.records('dead');
  const told = readDeadLetter(letter?.headers ?? []);
  if (letter === undefined || told === undefined) throw new Error('no dead letter');
  const texts = (): string[] =>
    store
      .documents()
      .map(document => document.value)
      .sort();
  const replay = async (headers: readonly Header[]): Promise<void> => {
    members.broker.publish('in', [{ value: 'bad', headers }]);
    await members.pass(1_000);
  };
  return { members, second, origin, letter, told, texts, replay };
}

function originOf({ broker }: Members): string {
  const { id } = broker.cluster.describe().find(({ name }) => name === 'in') ?? { id: '' };
  return `${broker.clusterId}/${id}`;
}

test('a dead letter says which topic its record is of, and its replay says it on', async () => {
  const { origin, told, letter } = await madeAnew();
  expect(told.at).toEqual({ topic: 'in', partition: 0, offset: 1, origin });
  const headers = replayHeaders([], { topic: 'dead', ...letter }, told, told.at);
  expect(headers.find(({ key }) => key === `${replayPrefix}origin`)?.value?.toString()).toBe(origin);
});

test.each(['the node', 'the topology'])(
  'replayed for %s into the new topic it replaces nothing there',
  async to => {
    const { told, letter, replay, texts, second } = await madeAnew();
    const target = to === 'the node' ? told : undefined;
    const headers = replayHeaders([], { topic: 'dead', ...letter }, target, told.at);
    await replay(headers);
    await replay(headers);
    expect(second.outcome).toBe('running');
    expect(texts()).toEqual(['bad', 'bad', 'new 0', 'new 1', 'new 2', 'old 0']);
  },
);

test('the header of a replay without an origin, as earlier versions wrote it, is of the topic that it lies in', async () => {
  const { told, letter, replay, texts } = await madeAnew();
  const { topic, partition, offset } = told.at;
  expect(topic).toBe('in');
  await replay(replayHeaders([], { topic: 'dead', ...letter }, told, { partition, offset }));
  expect(texts()).toEqual(['bad', 'new 0', 'new 2', 'old 0']);
});

test('replayed once more, it stands for the record of the new topic that it has become', async () => {
  const { members, told, letter, replay, texts } = await madeAnew();
  const headers = replayHeaders([], { topic: 'dead', ...letter }, told, told.at);
  await replay(headers);
  const of = { partition: 0, offset: 3, origin: originOf(members) };
  await replay(replayHeaders(headers, { topic: 'dead', ...letter }, told, of));
  expect(texts()).toEqual(['bad', 'new 0', 'new 1', 'new 2', 'old 0']);
});

test('a replay of a replay in one topic still stands for the first of all', () => {
  const of = { partition: 0, offset: 1, origin: 'c/t' };
  const letter = { topic: 'dead', partition: 0, offset: 0 };
  const first = replayHeaders([], letter, undefined, of);
  const text = (headers: readonly Header[], name: string): string | undefined =>
    headers.find(({ key }) => key === replayPrefix + name)?.value?.toString();
  const again = replayHeaders(first, letter, undefined, { ...of, offset: 9 });
  expect([text(again, 'record'), text(again, 'origin')]).toEqual(['0:1', 'c/t']);
  // Of an earlier version: then it lies in the topic that the later one is of.
  const bare = first.filter(({ key }) => key !== `${replayPrefix}origin`);
  const later = replayHeaders(bare, letter, undefined, { ...of, offset: 9 });
  expect([text(later, 'record'), text(later, 'origin')]).toEqual(['0:1', 'c/t']);
});
