/** The backends of a task are opened together, or none is. */
import { number, string } from 'kafka-rx';
import type { StateBackends } from '../../lib/state/backend.js';
import { openBackends } from '../../lib/state/lying.js';
import { memoryBackends } from '../../lib/state/memory-backend.js';
import { StateHandle, type StateHost } from '../../lib/state/state.js';
import { VirtualClock } from '../../lib/testing/virtual-clock.js';

const closed: string[] = [];

/** Backends that tell when they are closed. */
function told(name: string): StateBackends {
  return {
    async open(task) {
      const backend = await memoryBackends.open(task);
      const close = backend.close.bind(backend);
      backend.close = () => {
        closed.push(name);
        return close();
      };
      return backend;
    },
  };
}

const host: StateHost = {
  app: {},
  reads: 'latest',
  changelogOf: name => name,
  ask: () => [],
  unheard: () => {},
};

const handle = (name: string, backend?: StateBackends) =>
  new StateHandle(name, { key: string, value: number, backend }, host) as StateHandle<unknown, unknown>;

const clock = new VirtualClock();

beforeEach(() => closed.splice(0));

test('states that lie in one place have one backend', async () => {
  const [here, there] = [told('here'), told('there')];
  const handles = [handle('a'), handle('b', there), handle('c', here), handle('d', there)];
  const lying = await openBackends({ task: 'in/0', handles, backends: here, clock, applyFailed: () => {} });
  expect(lying.map(({ handles }) => handles.map(({ name }) => name))).toEqual([
    ['a', 'c'],
    ['b', 'd'],
  ]);
  expect(closed).toEqual([]);
});

test('where one of them cannot be opened, none is left open', async () => {
  const refused: StateBackends = { open: () => Promise.reject(new Error('locked')) };
  const handles = [handle('a', told('a')), handle('b', told('b')), handle('c', refused)];
  const opening = openBackends({
    task: 'in/0',
    handles,
    backends: memoryBackends,
    clock,
    applyFailed: () => {},
  });
  await expect(opening).rejects.toThrow('locked');
  expect(closed.sort()).toEqual(['a', 'b']);
});
