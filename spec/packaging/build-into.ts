/**
 * Compiles lib and operators twice, since one set of `.js` files cannot be both kinds of module: what `npm run build`
 * does to dist, and the packaging tests to a folder of their own, so that they never meet.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../kafka/run.js';

const compileTimeoutMs = 240_000;

export interface Built {
  /** Modules in each of both forms. */
  readonly files: number;
  /** What tsc said; empty when it succeeded, and then only is `dist` whole. */
  readonly errors: readonly string[];
}

/** @param repository the folder of package.json @param dist removed first */
export async function buildInto(repository: string, dist: string): Promise<Built> {
  await rm(dist, { recursive: true, force: true });
  const outputs = await Promise.all([
    compile(repository, 'tsconfig.esm.json', join(dist, 'esm')),
    compile(repository, 'tsconfig.cjs.json', join(dist, 'cjs')),
  ]);
  const errors = [...new Set(outputs.flat())];
  if (errors.length > 0) return { files: 0, errors };

  // Node takes the kind of a `.js` file, and a bundler its side effects, from the nearest package.json.
  await mkdir(join(dist, 'cjs'), { recursive: true });
  const nearest = { type: 'commonjs', sideEffects: false };
  await writeFile(join(dist, 'cjs', 'package.json'), `${JSON.stringify(nearest)}\n`);
  const names = await readdir(join(dist, 'esm'), { recursive: true });
  return { files: names.filter(name => name.endsWith('.js')).length, errors };
}

async function compile(repository: string, config: string, outDir: string): Promise<string[]> {
  const tsc = join(repository, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [tsc, '-p', join(repository, config), '--outDir', outDir, '--pretty', 'false'];
  const { code, stdout, stderr } = await run(process.execPath, args, compileTimeoutMs);
  if (code === 0) return [];
  const lines = `${stdout}\n${stderr}`.split('\n').filter(line => line.trim() !== '');
  return lines.length > 0 ? lines : [`tsc -p ${config} failed and said nothing`];
}
