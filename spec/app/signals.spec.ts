import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createApp, string } from 'kafka-rx';
import { MemoryBroker, memory } from 'kafka-rx/memory';
import { VirtualClock } from 'kafka-rx/testing';

const root = join(__dirname, '..', '..');

function start(...args: string[]): {
  child: ChildProcess;
  output: () => string;
  said: (text: string) => Promise<void>;
} {
  const child = spawn(process.execPath, ['--import', 'tsx', join(__dirname, 'signalled.ts'), ...args], {
    cwd: root,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', data => (output += String(data)));
  const said = async (text: string): Promise<void> => {
    while (!output.includes(text)) {
      if (child.exitCode !== null) throw new Error(`ended without '${text}': ${output}`);
      await new Promise(resolve => setTimeout(resolve, 10));
    }
  };
  return { child, output: () => output, said };
}

describe('signals', () => {
  test('the first one drains, commits and lets the process end by itself', async () => {
    const { child, output, said } = start('free');
    await said('got it');
    await said('running');
    child.kill('SIGTERM');
    const [code] = await once(child, 'close');
    expect(code).toBe(0);
    expect(output()).toContain('stopping\nstopped\ncommitted 1\n');
  }, 60_000);

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)(
    'a second one (%s) ends the process at once, with the exit code of the shell',
    async (second, code) => {
      const { child, output, said } = start('stuck');
      await said('got it');
      await said('running');
      child.kill('SIGTERM');
      await said('stopping');
      const sent = performance.now();
      child.kill(second);
      const [exitCode] = await once(child, 'close');
      expect(exitCode).toBe(code);
      expect(performance.now() - sent).toBeLessThan(5000);
      expect(output()).not.toContain('stopped');
    },
    20_000,
  );

  test('are left as they were once the app has ended, and untouched by an app that was given none', async () => {
    const before = process.listenerCount('SIGUSR2');
    const clock = new VirtualClock();
    const broker = new MemoryBroker({ clock });
    broker.createTopic('in', 1);
    const app = createApp({ groupId: 'g', driver: memory({ broker }), signals: ['SIGUSR2'] });
    app.topic('in', { value: string }).subscribe(app.each(() => {}));
    const running = app.run();
    expect(process.listenerCount('SIGUSR2')).toBe(before + 1);
    void app.stop();
    let ended = false;
    void running.then(() => (ended = true));
    while (!ended) {
      clock.flush();
      await new Promise(resolve => setImmediate(resolve));
    }
    expect(process.listenerCount('SIGUSR2')).toBe(before);
  });
});
