/** A fresh project with the packed library installed in it, without a network. */
import { cp, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Finished, run } from '../kafka/run.js';

const programTimeoutMs = 60_000;
const compileTimeoutMs = 180_000;

/** Node resolves the links to where they point, so packages find their own dependencies there. */
export async function consumerProject(
  repository: string,
  folder: string,
  tarball: string,
  packages: readonly string[],
): Promise<ConsumerProject> {
  const modules = join(folder, 'node_modules');
  await mkdir(modules, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"name":"consumer","private":true}\n');
  const extracted = await run('tar', ['-xzf', tarball, '-C', modules], programTimeoutMs);
  if (extracted.code !== 0) throw new Error(`tar failed: ${extracted.stderr}`);
  await rename(join(modules, 'package'), join(modules, 'kafka-rx'));
  for (const name of packages) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(repository, 'node_modules', name), join(modules, name), 'dir');
  }
  return new ConsumerProject(repository, folder);
}

export class ConsumerProject {
  constructor(
    private readonly repository: string,
    private readonly folder: string,
  ) {}

  /** Runs one of `consumers/` here; gives the JSON that it prints. */
  async run(program: string, ...args: readonly string[]): Promise<unknown> {
    for (const file of new Set([program, 'masking.cjs'])) {
      await cp(join(this.repository, 'spec/packaging/consumers', file), join(this.folder, file));
    }
    const { code, stdout, stderr } = await run(
      process.execPath,
      [join(this.folder, program), ...args],
      programTimeoutMs,
    );
    if (code !== 0) throw new Error(`${program} failed:\n${stderr}`);
    return JSON.parse(stdout);
  }

  /**
   * Compiles programs of `consumers/` here, with every declaration file checked too.
   *
   * @param programs by the names that they get, whose extension decides between ESM and CommonJS
   */
  async compile(programs: Readonly<Record<string, string>>): Promise<Finished> {
    const files = Object.keys(programs);
    for (const [file, program] of Object.entries(programs)) {
      const text = await readFile(join(this.repository, 'spec/packaging/consumers', program), 'utf8');
      // In the repository they import each other as its other files do; here what is imported is CommonJS.
      await writeFile(join(this.folder, file), text.replace(/(from '\.\/[\w-]+)\.js'/g, "$1.cjs'"));
    }
    const compilerOptions = {
      target: 'ES2022',
      // No DOM: what Node has is all there is.
      lib: ['ES2023'],
      module: 'Node16',
      types: ['node'],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
    };
    await writeFile(join(this.folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    const tsc = join(this.repository, 'node_modules/typescript/bin/tsc');
    return run(process.execPath, [tsc, '-p', this.folder, '--pretty', 'false'], compileTimeoutMs);
  }
}
