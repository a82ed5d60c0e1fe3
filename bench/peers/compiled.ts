import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Writes lib, operators, demos and bench to `folder` as the ESM that `npm run build` makes of them, so that a contestant runs what
 * users run: `tsx` names every function at run time (`__name`), also those that are made for each record.
 */
export async function compileInto(folder: string): Promise<void> {
  const config = ts.readConfigFile(join(repository, 'tsconfig.json'), ts.sys.readFile).config;
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, repository);
  // NodeNext asks package.json for the kind of a module, and there is none beside a text.
  const compilerOptions = { ...options, module: ts.ModuleKind.ESNext };
  for (const part of ['lib', 'operators', 'demos', 'bench']) {
    for (const name of await readdir(join(repository, part), { recursive: true })) {
      if (!name.endsWith('.ts')) continue;
      const source = await readFile(join(repository, part, name), 'utf8');
      const { outputText } = ts.transpileModule(source, { compilerOptions, fileName: name });
      const target = join(folder, part, name.replace(/\.ts$/, '.js'));
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, outputText);
    }
  }
  // The package's own name resolves to its entry points, as for a user.
  const paths: Readonly<Record<string, readonly string[]>> = config.compilerOptions.paths;
  const exports = Object.fromEntries(
    Object.entries(paths).map(([name, [file = '']]) => [
      name.replace('kafka-rx', '.'),
      file.replace(/\.ts$/, '.js'),
    ]),
  );
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'kafka-rx', type: 'module', sideEffects: false, exports }),
  );
  for (const asItIs of ['node_modules', 'demos/purchases/data'])
    await symlink(join(repository, asItIs), join(folder, asItIs));
}
