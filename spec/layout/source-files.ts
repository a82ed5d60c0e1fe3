/** The TypeScript files below folders of the repository, as paths from its root, sorted. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

export async function sourceFiles(repository: string, folders: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const folder of folders) {
    const names = await readdir(join(repository, folder), { recursive: true });
    found.push(...names.filter(name => name.endsWith('.ts')).map(name => `${folder}/${name}`));
  }
  return found.sort();
}
