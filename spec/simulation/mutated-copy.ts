import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository } from '../commands/command.js';
import { type Replacement, replaced } from './bugs/seeded-bug.js';

/** All that a run of the purchase system is made of. */
const parts = ['lib', 'operators', 'spec/simulation', 'spec/commands', 'package.json', 'tsconfig.json'];

export interface MutatedCopy {
  readonly folder: string;
  remove(): Promise<void>;
}

/** The sources in a folder of their own, with these replacements; the packages are the repository's. */
export async function mutatedCopy(replacements: readonly Replacement[]): Promise<MutatedCopy> {
  const folder = await mkdtemp(join(tmpdir(), 'kafka-rx-seeded-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    for (const part of parts) await cp(join(repository, part), join(folder, part), { recursive: true });
    await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'));
    for (const replacement of replacements) {
      const file = join(folder, replacement.file);
      await writeFile(file, replaced(await readFile(file, 'utf8'), replacement));
    }
  } catch (error) {
    await remove();
    throw error;
  }
  return { folder, remove };
}
