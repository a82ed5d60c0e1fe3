/** What is wrong with headers is told without what they hold: that is a record's. */
import { type Header, readDeadLetter, readReplayedMark, replayHeaders } from 'kafka-rx';
import { MemoryBroker } from 'kafka-rx/memory';

const name = 'John-Smith-customer-17';
const wrong: readonly (readonly [string, unknown])[] = [
  ['a value that is text', [{ key: 'k', value: name }]],
  ['a key that is none', [{ key: [name], value: null }]],
  ['a header that is text', [name]],
  ['text in the place of the headers', name],
  ['an object in their place', { [name]: name }],
];
const at = { topic: 'in', partition: 0, offset: 1 };
const takers: readonly (readonly [string, (headers: readonly Header[]) => unknown])[] = [
  ['readDeadLetter', headers => readDeadLetter(headers)],
  ['readReplayedMark', headers => readReplayedMark(headers)],
  ['replayHeaders', headers => replayHeaders(headers, at, {} as never, at)],
  [
    'MemoryBroker.publish',
    headers => {
      const broker = new MemoryBroker();
      broker.createTopic('in', 1);
      broker.publish('in', [{ value: null, headers }]);
    },
  ],
];

describe.each(takers)('%s', (_, take) => {
  test.each(wrong)('refuses %s, and shows nothing of it', (__, headers) => {
    // Of JavaScript.
    const call = () => take(headers as readonly Header[]);
    expect(call).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }));
    expect(call).not.toThrow(name);
  });
});
