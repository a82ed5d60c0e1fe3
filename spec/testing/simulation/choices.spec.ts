import { DrawnChoices, EnumeratedChoices, NotedChoices } from '../../../lib/testing/simulation/choices.js';

test('what was drawn is noted under its label, and noted choices answer the same', () => {
  const drawn = new DrawnChoices(5);
  const ask = (choices: DrawnChoices | NotedChoices) => [
    ...Array.from({ length: 20 }, () => choices.pick('schedule', 3)),
    ...Array.from({ length: 20 }, () => choices.happens('crash', 0.3)),
    ...Array.from({ length: 20 }, () => choices.size('ms', 1000)),
  ];
  const first = ask(drawn);
  expect(ask(new NotedChoices(drawn.chosen))).toEqual(first);
  expect(new Set(first).size).toBeGreaterThan(3);
});

test('a fault more or less does not change the schedule', () => {
  const [plain, faulty] = [new DrawnChoices(5), new DrawnChoices(5)];
  for (let i = 0; i < 10; i++) faulty.happens('crash', 0.5);
  const schedule = (choices: DrawnChoices) => Array.from({ length: 50 }, () => choices.pick('schedule', 4));
  expect(schedule(faulty)).toEqual(schedule(plain));
});

test('a note that does not fit the question any more is answered plainly', () => {
  const noted = new NotedChoices({ schedule: [5, 1] });
  expect([noted.pick('schedule', 3), noted.pick('schedule', 3), noted.pick('schedule', 3)]).toEqual([
    0, 1, 0,
  ]);
});

test('enumerated choices give every combination once, and then end', () => {
  const seen: string[] = [];
  let given: readonly number[] | undefined = [];
  while (given !== undefined) {
    const choices: EnumeratedChoices = new EnumeratedChoices(given);
    const first = choices.pick('a', 3);
    // The second question depends on the first answer, as in a run.
    const second = first === 1 ? choices.pick('b', 2) : 0;
    seen.push(`${first}${second}`);
    given = choices.following;
  }
  expect(seen).toEqual(['00', '10', '11', '20']);
});
