/** The tarball as npm would publish it, made in a folder of its own so that nobody's dist is touched. */
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../kafka/run.js';
import { buildInto } from './build-into.js';

const packTimeoutMs = 60_000;

export interface Packed {
  readonly tarball: string;
  /** Paths inside the package. */
  readonly files: readonly string[];
  readonly unpackedBytes: number;
}

/** @param into an empty folder; gets `package/` (what was packed) and the tarball */
export async function pack(repository: string, into: string): Promise<Packed> {
  const staging = join(into, 'package');
  await mkdir(staging, { recursive: true });
  const { errors } = await buildInto(repository, join(staging, 'dist'));
  if (errors.length > 0) throw new Error(`The build failed:\n${errors.join('\n')}`);
  // All that package.json's "files" and npm's own rules can pick from, and things that they must not pick.
  for (const entry of ['package.json', 'README.md', 'LICENSE', 'docs', 'tsconfig.json', 'compose.yaml']) {
    await cp(join(repository, entry), join(staging, entry), { recursive: true });
  }
  const args = ['pack', staging, '--json', '--ignore-scripts', '--pack-destination', into];
  const { code, stdout, stderr } = await run('npm', args, packTimeoutMs);
  if (code !== 0) throw new Error(`npm pack failed: ${stderr}`);
  const [report]: readonly Report[] = JSON.parse(stdout);
  if (report === undefined) throw new Error(`npm pack said nothing of its tarball: ${stdout}`);
  return {
    tarball: join(into, report.filename),
    files: report.files.map(file => file.path),
    unpackedBytes: report.unpackedSize,
  };
}

/** What the package must not hold: everything but these. */
const wanted = /^(dist\/(esm|cjs)\/|docs\/[^/]+\.md$|README\.md$|LICENSE$|package\.json$)/;

/** Paths of a tarball that do not belong there, and paths that its package.json names but it lacks. */
export async function wrongFiles({ files }: Packed, repository: string): Promise<string[]> {
  const manifest = await readFile(join(repository, 'package.json'), 'utf8');
  const named = [...manifest.matchAll(/"\.\/(dist\/[^"]+)"/g)].map(match => match[1] ?? '');
  return [
    ...files.filter(file => !wanted.test(file)).map(file => `${file} does not belong into the package`),
    ...['README.md', 'LICENSE', ...new Set(named)]
      .filter(file => !files.includes(file))
      .map(file => `${file} is missing in the package`),
  ];
}

interface Report {
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}
