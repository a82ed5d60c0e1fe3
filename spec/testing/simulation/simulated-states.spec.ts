/** States on a simulated disk: what a process that dies leaves of them, and who gets it. What all backends do is in spec/state/backends. */
import { type StateFolders, simulatedStates } from '../../../lib/testing/simulation/simulated-states.js';
import { TestedLink } from '../../state/simulated-tested.js';
import { changes, checkpoint, rowsOf } from '../../state/state-tested.js';

const rows = changes({
  a: [
    ['j', 'one'],
    ['k', 'two'],
  ],
});

async function opened(folders: StateFolders, link = new TestedLink()) {
  return { link, backend: await simulatedStates(folders, link).open('task') };
}

test('who dies between two transactions of an apply leaves a part, the former checkpoint, and how new rows may be', async () => {
  const folders: StateFolders = new Map();
  const { link, backend } = await opened(folders);
  await backend.apply(changes({ a: [['j', 'old']] }), checkpoint(1));
  link.chosen.push(1);
  link.diesAt = link.calls.length + 1;
  void backend.apply(rows, checkpoint(2));
  await new Promise(setImmediate);
  expect(link.isCut).toBe(true);
  const next = await opened(folders);
  expect(next.backend.checkpoint?.commitNumber).toBe(1);
  expect(next.backend.ahead).toEqual(checkpoint(2).positions);
  expect(rowsOf(next.backend, 'a')).toEqual([['j', 'one']]);
  expect(next.link.marks).toEqual([
    'state: goes on with a folder',
    'state: goes on with a folder whose owner died in an apply',
  ]);
  await next.backend.apply(rows, checkpoint(2));
  expect(next.backend.ahead).toBeUndefined();
  expect(rowsOf(next.backend, 'a')).toEqual([
    ['j', 'one'],
    ['k', 'two'],
  ]);
});

test('the folder of an owner that lives is left alone, and of one that has closed it is gone on with', async () => {
  const folders: StateFolders = new Map();
  const first = await opened(folders);
  await first.backend.apply(rows, checkpoint(1));
  const second = await opened(folders);
  expect(second.backend.checkpoint).toBeUndefined();
  expect(second.link.marks).toEqual(['state: the folder of a living owner is left alone']);
  await first.backend.apply(changes({ a: [['j', 'later']] }), checkpoint(2));
  expect(rowsOf(second.backend, 'a')).toEqual([]);
  await first.backend.close();
  const third = await opened(folders);
  expect(third.backend.checkpoint?.commitNumber).toBe(2);
});

test('what a dead process had sent changes nothing for who has its folder', async () => {
  const folders: StateFolders = new Map();
  const first = await opened(folders);
  await first.backend.apply(rows, checkpoint(1));
  first.link.isCut = true;
  const second = await opened(folders);
  first.link.isCut = false;
  await first.backend.apply(changes({ a: [['j', null]] }), checkpoint(2));
  await first.backend.close();
  expect(rowsOf(second.backend, 'a')).toEqual([
    ['j', 'one'],
    ['k', 'two'],
  ]);
  expect((await opened(folders)).backend.checkpoint).toBeUndefined();
});

test('a write that fails is retriable, and has changed nothing', async () => {
  const { link, backend } = await opened(new Map());
  link.failures = 1;
  await expect(backend.apply(rows, checkpoint(1))).rejects.toMatchObject({ code: 'STORE', retriable: true });
  expect(backend.checkpoint).toBeUndefined();
  await backend.apply(rows, checkpoint(1));
  expect(rowsOf(backend, 'a')).toEqual([
    ['j', 'one'],
    ['k', 'two'],
  ]);
});

test('all that nobody has open goes with the group', async () => {
  const folders: StateFolders = new Map();
  const { link, backend } = await opened(folders);
  await backend.apply(rows, checkpoint(1));
  await backend.close();
  await simulatedStates(folders, link).clear?.();
  expect((await opened(folders)).backend.checkpoint).toBeUndefined();
});
