/** An app never reads the dead letters that it writes: one that failed again would come back without end. */
import { string } from 'kafka-rx';
import { Members } from './members.js';

const value = string;
const options = { deadLetters: { topic: 'dead' }, policies: { process: 'dead-letter' } } as const;
const failing = (): never => {
  throw new Error('not this one');
};

test.each<[string, string | string[], boolean]>([
  ['its name', 'dead', false],
  ['its name as one of several', ['in', 'dead'], false],
  ['its name, as a reader of dead letters', 'dead', true],
])('a source of %s is refused by run()', async (_, selector, deadLetters) => {
  const members = new Members({ in: 1, dead: 1 });
  const member = members.start(app => {
    app.topic('in', { value }).subscribe(app.each(failing));
    app.topic(selector, { value, deadLetters }).subscribe(app.each(failing));
  }, options);
  await members.settle();
  expect(member.outcome).toMatchObject({
    code: 'TOPOLOGY',
    message: expect.stringMatching(/reads 'dead'.*without end/),
    remedy: expect.stringContaining('an app of its own'),
  });
});

test('a RegExp that matches it leaves it out, also when it is looked up again', async () => {
  const members = new Members({ in: 1, dead: 1 });
  const member = members.start(app => app.topic(/./, { value }).subscribe(app.each(failing)), {
    ...options,
    discoveryMs: 100,
  });
  members.publish('in', 'a');
  await members.pass(500);
  members.broker.createTopic('another', 1);
  members.publish('another', 'b');
  await members.pass(1000);
  expect(members.values('dead')).toHaveLength(2);
  expect(member.events.filter(({ type }) => type === 'subscribed').at(-1)).toMatchObject({
    topics: ['in', 'another'],
  });
  void member.app.stop();
  await members.settle();
  expect(member.outcome).toBe('done');
});
