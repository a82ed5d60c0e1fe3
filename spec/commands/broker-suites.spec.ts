import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { alone, brokerRuns } from './broker-suites.js';

const suites = async (args: readonly string[]): Promise<string[]> => {
  const jest = join('node_modules', 'jest', 'bin', 'jest.js');
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...[jest, '--config=jest.broker.config.mjs', '--listTests', ...args],
  ]);
  return stdout.split('\n').flatMap(line => line.match(/spec\/broker\/(.*)\.spec\.ts$/)?.[1] ?? []);
};

test('each suite against a real Kafka runs once: alone or beside another', async () => {
  const all = (await readdir('spec/broker')).flatMap(file => file.match(/^(.*)\.spec\.ts$/)?.[1] ?? []);
  const [beside, single] = await Promise.all([suites(brokerRuns.twoAtATime), suites(brokerRuns.alone)]);
  expect(single.sort()).toEqual([...alone].sort());
  expect([...beside, ...single].sort()).toEqual(all.sort());
});
