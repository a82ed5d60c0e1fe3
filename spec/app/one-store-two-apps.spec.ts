import { createApp, type DocumentStore, memoryStore, string } from 'kafka-rx';
import { MemoryBroker, memory } from 'kafka-rx/memory';
import { VirtualClock } from '../../lib/testing/virtual-clock.js';

function world() {
  const clock = new VirtualClock();
  const broker = new MemoryBroker({ clock });
  broker.createTopic('in', 2);
  const start = (groupId: string, store: DocumentStore<string>) => {
    const app = createApp({ groupId, driver: memory({ broker }), clock });
    app.topic('in', { value: string }).subscribe(app.store(store));
    const running = app.run();
    running.catch(() => {});
    return { app, running };
  };
  return { clock, broker, start };
}

/** A store that tells when it is opened and closed. */
function told(said: string[]): ReturnType<typeof memoryStore<string>> {
  const store = memoryStore<string>('history');
  const { open, close } = store;
  return Object.assign(store, {
    open: () => {
      said.push('open');
      return open.call(store);
    },
    close: () => {
      said.push('close');
      return close.call(store);
    },
  });
}

describe('one store object', () => {
  test('cannot be that of two groups at once: the documents of one would overwrite those of the other', async () => {
    const { clock, broker, start } = world();
    const store = memoryStore<string>('history');
    const first = start('g1', store);
    await clock.advanceAsync(10_000);
    const second = start('g2', store);
    await clock.advanceAsync(10_000);
    await expect(second.running).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining("is open in the app 'g1'"),
    });
    // The first one goes on as if nothing had been.
    broker.publish('in', [{ value: 'a', partition: 0 }]);
    await clock.advanceAsync(10_000);
    expect(store.documents().map(({ value }) => value)).toEqual(['a']);
    const stopped = first.app.stop();
    await clock.advanceAsync(60_000);
    await Promise.all([stopped, first.running]);
  });

  test('is another group’s once the first app has ended', async () => {
    const { clock, start } = world();
    const store = memoryStore<string>('history');
    for (const group of ['g1', 'g2']) {
      const { app, running } = start(group, store);
      await clock.advanceAsync(10_000);
      expect(app.health().state).toBe('running');
      const stopped = app.stop();
      await clock.advanceAsync(60_000);
      await Promise.all([stopped, running]);
    }
  });

  test('of two members of a group is closed by the last of them', async () => {
    const { clock, broker, start } = world();
    const said: string[] = [];
    const store = told(said);
    const [one, two] = [start('g', store), start('g', store)];
    await clock.advanceAsync(60_000);
    const stopped = one.app.stop();
    await clock.advanceAsync(60_000);
    await Promise.all([stopped, one.running]);
    expect(said).not.toContain('close');
    broker.publish('in', [
      { value: 'a', partition: 0 },
      { value: 'b', partition: 1 },
    ]);
    await clock.advanceAsync(60_000);
    expect(
      store
        .documents()
        .map(({ value }) => value)
        .sort(),
    ).toEqual(['a', 'b']);
    const over = two.app.stop();
    await clock.advanceAsync(60_000);
    await Promise.all([over, two.running]);
    expect(said.filter(word => word === 'close')).toHaveLength(1);
  });
});
