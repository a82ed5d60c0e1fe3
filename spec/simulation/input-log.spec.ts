import { InputLog } from './input-log.js';

const log = (maxIdleMs = 0) => {
  const made = new InputLog(['a', 'b'], maxIdleMs);
  const begun = (topic: string, epoch: number): void => made.begun('p0', [{ topic, partition: 0, epoch }]);
  const handedOut = (topic: string, offset: number, timestamp: number): void =>
    made.handedOut('p0', { topic, partition: 0, offset, timestamp });
  begun('a', 1);
  begun('b', 1);
  return { made, begun, handedOut };
};

test('a record behind a later one of another input is out of turn, when its input was not at its end', () => {
  const { made, handedOut } = log();
  handedOut('b', 0, 20);
  handedOut('a', 0, 10);
  expect(made.wrong).toContain('a/0@0 of 10 behind b/0@0 of 20');
});

test('where its input was known to be at its end it comes when it comes', () => {
  const { made, handedOut } = log();
  made.caughtUp('p0', { topic: 'a', partition: 0, epoch: 1 }, 0, 0);
  handedOut('b', 0, 20);
  handedOut('a', 0, 10);
  expect(made.wrong).toBeUndefined();
});

test('an input that one process loses alone, and reads again, is in order with what comes from then on', () => {
  const { made, begun, handedOut } = log();
  handedOut('a', 0, 10);
  handedOut('b', 0, 20);
  begun('a', 2);
  handedOut('a', 0, 10);
  expect(made.wrong).toBeUndefined();
  handedOut('b', 1, 40);
  handedOut('a', 1, 30);
  expect(made.wrong).toContain('a/0@1 of 30 behind b/0@1 of 40');
});

test('the end of an input that is paused is known only when it is told again, and then since it was told first', () => {
  const { made, handedOut } = log(10);
  let nowMs = 0;
  made.tellsTime(() => nowMs);
  const ends = (): void => made.caughtUp('p0', { topic: 'a', partition: 0, epoch: 1 }, 0, 0);
  const pause = (): void => made.paused('p0', [{ topic: 'a', partition: 0 }]);
  ends();
  pause();
  nowMs = 9;
  ends();
  nowMs = 10;
  handedOut('b', 0, 20);
  pause();
  handedOut('a', 0, 10);
  expect(made.wrong).toBeUndefined();

  const other = log(10);
  other.made.tellsTime(() => nowMs);
  nowMs = 0;
  other.made.caughtUp('p0', { topic: 'a', partition: 0, epoch: 1 }, 0, 0);
  other.made.paused('p0', [{ topic: 'a', partition: 0 }]);
  nowMs = 10;
  other.handedOut('b', 0, 20);
  other.handedOut('a', 0, 10);
  expect(other.made.wrong).toContain('not known to be at its end for 10 ms');
});
