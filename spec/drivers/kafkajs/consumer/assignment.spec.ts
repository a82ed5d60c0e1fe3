import { Assignment } from '../../../../lib/drivers/kafkajs/consumer/assignment.js';

const p0 = { topic: 't', partition: 0 };
const p1 = { topic: 't', partition: 1 };

test('every assignment and every seek is a greater epoch, kept partition or not', () => {
  const assignment = new Assignment();
  const first = assignment.replace([p0, p1])[0]?.epoch ?? 0;
  const sought = assignment.seek(p0, 7);
  const second = assignment.replace([p0])[0]?.epoch ?? 0;
  expect(first).toBeLessThan(sought);
  expect(sought).toBeLessThan(second);
});

test('once closed nothing may be handed out, while commits of it remain valid until it is cleared', () => {
  const assignment = new Assignment();
  const [at] = assignment.replace([p0]);
  if (at === undefined) throw new Error('not assigned');
  expect(assignment.isCurrent(at)).toBe(true);
  assignment.close();
  expect(assignment.isCurrent(at)).toBe(false);
  expect(assignment.get(p0)?.epoch).toBe(at.epoch);
  expect(assignment.clear()).toEqual([at]);
  expect(assignment.get(p0)).toBeUndefined();
});

test('a halted partition hands out nothing until it is sought or assigned anew', () => {
  const assignment = new Assignment();
  assignment.replace([p0, p1]);
  const state = assignment.get(p0);
  if (state === undefined) throw new Error('not assigned');
  state.halted = true;
  expect(assignment.readable(p0)).toBeUndefined();
  expect(assignment.readable(p1)).toBeDefined();
  assignment.seek(p0, 0);
  expect(assignment.readable(p0)).toBeDefined();
});

test('a pause ends with the assignment', () => {
  const assignment = new Assignment();
  assignment.replace([p0]);
  const state = assignment.get(p0);
  if (state !== undefined) state.paused = true;
  assignment.replace([p0]);
  expect(assignment.get(p0)?.paused).toBe(false);
});

test('a rewind is a greater epoch of which nothing is known, not even a pause; with one that is not assigned it is none', () => {
  const assignment = new Assignment();
  const [first, second] = assignment.replace([p0, p1]);
  const state = assignment.get(p0);
  if (state === undefined) throw new Error('not assigned');
  Object.assign(state, { position: 7, paused: true, halted: true, begun: true, topicId: 'id', notBefore: 9 });
  expect(() => assignment.rewind([p0, { topic: 't', partition: 7 }])).toThrow(
    expect.objectContaining({ code: 'DRIVER', message: expect.stringContaining('t-7') }),
  );
  expect(state.epoch).toBe(first?.epoch);
  expect(assignment.rewind([p0])).toEqual([state]);
  expect(state).toMatchObject({
    position: undefined,
    paused: false,
    halted: false,
    begun: false,
    notBefore: 0,
  });
  expect(state.topicId).toBeUndefined();
  expect(state.epoch).toBeGreaterThan(first?.epoch ?? 0);
  expect(assignment.get(p1)?.epoch).toBe(second?.epoch);
});
