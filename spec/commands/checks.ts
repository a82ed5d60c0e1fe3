/** The parts of `npm run check`. Each is a tool with its arguments, and what to make of its output. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../kafka/run.js';
import { longFiles } from '../layout/long-files.js';
import { pack, wrongFiles } from '../packaging/pack.js';
import { repository } from './command.js';
import { runJest } from './jest-run.js';

export interface Verdict {
  /** Empty when all is well. */
  readonly problems: readonly string[];
  readonly warnings?: readonly string[];
  /** What was found well, in a few words. */
  readonly about: string;
}

/** By name, in the order in which they run: one after the other, since most take all processors for themselves. */
export const checks: Readonly<Record<string, () => Promise<Verdict>>> = {
  types: () => tool('tsc', ['-p', 'tsconfig.json', '--pretty', 'false'], 'everything compiles'),
  lint: () =>
    tool(
      'biome',
      ['ci', '--error-on-warnings', '--colors=off', '--reporter=github', '.'],
      'formatted, no findings',
    ),
  layout,
  'dead code': () => tool('knip', ['--no-progress', '--treat-config-hints-as-errors'], 'everything is used'),
  packaging,
};

const toolTimeoutMs = 240_000;

async function tool(name: string, args: readonly string[], about: string): Promise<Verdict> {
  const command = join(repository, 'node_modules', '.bin', name);
  const { code, stdout, stderr } = await run(command, args, toolTimeoutMs);
  if (code === 0) return { problems: [], about };
  const lines = `${stdout}\n${stderr}`.split('\n').filter(line => line.trim() !== '');
  return { problems: lines.length > 0 ? lines : [`${name} failed and said nothing`], about };
}

async function layout(): Promise<Verdict> {
  const { passed, failures } = await runJest(
    'jest.config.mjs',
    ['spec/layout.spec.ts'],
    false,
    Date.now() + toolTimeoutMs,
  );
  const warnings = (await longFiles(repository)).map(
    ({ file, lines }) =>
      `${file} has ${lines} lines of code: split it, or say why not in a "// length:" comment`,
  );
  return { problems: failures, warnings, about: `${passed} rules hold` };
}

async function packaging(): Promise<Verdict> {
  const folder = await mkdtemp(join(tmpdir(), 'kafka-rx-pack-'));
  try {
    const packed = await pack(repository, folder);
    const { files, unpackedBytes, tarball } = packed;
    const size = `${files.length} files, ${Math.round(unpackedBytes / 1024)} KiB unpacked`;
    const verdicts = [
      { problems: await wrongFiles(packed, repository), about: size },
      await tool('publint', ['run', tarball, '--strict'], 'publint'),
      // node16: the profile of Node's own resolution, both ways; node10 knows no "exports".
      await tool('attw', [tarball, '--profile', 'node16', '--no-emoji', '--no-color'], 'attw'),
    ];
    return {
      problems: verdicts.flatMap(verdict => verdict.problems),
      about: `${size}, clean in publint and attw`,
    };
  } catch (error) {
    return { problems: [error instanceof Error ? error.message : String(error)], about: '' };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
