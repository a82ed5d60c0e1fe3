import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConsumerProject, consumerProject } from './consumer-project.js';
import { type Packed, pack, wrongFiles } from './pack.js';

const repository = join(__dirname, '..', '..');

/** Two passes of tsc, npm and tar; a loaded machine takes many times the few seconds that it needs. */
jest.setTimeout(300_000);

const masked = {
  purchases: [['c1', 'xxxx-xxxx-xxxx-1233']],
  audit: [['xxxx-xxxx-xxxx-1233', 'xxxx-xxxx-xxxx-1233']],
  committed: [1],
};

describe('the packed library', () => {
  let folder: string;
  let packed: Packed;
  let withPeers: ConsumerProject;
  let rxjsOnly: ConsumerProject;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kafka-rx-tarball-'));
    packed = await pack(repository, folder);
    const install = (name: string, ...packages: readonly string[]) =>
      consumerProject(repository, join(folder, name), packed.tarball, packages);
    withPeers = await install('with-peers', 'rxjs', 'io-ts', 'fp-ts', 'kafkajs', 'lmdb', '@types/node');
    rxjsOnly = await install('rxjs-only', 'rxjs', '@types/node');
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('holds what its package.json names, the documents, and nothing else', async () => {
    expect(await wrongFiles(packed, repository)).toEqual([]);
  });

  test('runs a topology in an ES module', async () => {
    const kinds = ['function', 'function', 'function'];
    expect(await withPeers.run('esm.mjs')).toEqual({ ...masked, kinds });
  });

  test('runs a topology in a CommonJS module', async () => {
    const kinds = ['function', 'function', 'function'];
    expect(await withPeers.run('cjs.cjs')).toEqual({ ...masked, kinds });
  });

  test('meets its other copy in one process: errors are told by code, records pass through operators', async () => {
    const told = { code: 'CONFIGURATION', byOther: true, instanceOfOther: false };
    expect(await withPeers.run('both.mjs')).toEqual({
      twoCopies: true,
      esmError: told,
      cjsError: told,
      esmApp: masked,
      cjsApp: masked,
      esmAppWithCjsOperators: masked,
    });
  });

  test('needs no package but rxjs where no other is used', async () => {
    const entryPoints = ['', '/operators', '/memory', '/testing', '/workers'].map(path => `kafka-rx${path}`);
    const loaded = Object.fromEntries(entryPoints.map(name => [name, ['loaded', 'loaded']]));
    const missing = ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'];
    const others = ['kafka-rx/io-ts', 'kafka-rx/kafkajs', 'kafka-rx/lmdb'];
    expect(await rxjsOnly.run('root-only.mjs', ...entryPoints, ...others)).toEqual({
      ...loaded,
      ...Object.fromEntries(others.map(name => [name, missing])),
    });
  });

  test('keeps its inner modules to itself', async () => {
    const inner = [
      'dist/esm/lib/app/app.js',
      'dist/cjs/lib/app/app.js',
      'lib/app/app.js',
      'internal',
      'operators/mask',
    ];
    const names = inner.map(path => `kafka-rx/${path}`);
    const refused = ['ERR_PACKAGE_PATH_NOT_EXPORTED', 'ERR_PACKAGE_PATH_NOT_EXPORTED'];
    const expected = Object.fromEntries(names.map(name => [name, refused]));
    expect(await rxjsOnly.run('root-only.mjs', ...names)).toEqual(expected);
  });

  test('has types that check as ESM and CommonJS, declaration files included', async () => {
    expect(await withPeers.compile({ 'typed.mts': 'typed.ts', 'typed.cts': 'typed.ts' })).toMatchObject({
      code: 0,
      stdout: '',
    });
  });

  test('has types that need no package but rxjs, and that fit those of its other copy', async () => {
    const rootOnly = { 'root.mts': 'typed-root.ts', 'root.cts': 'typed-root.ts' };
    const mixed = { 'typed-cjs-records.cts': 'typed-cjs-records.ts', 'mixed.mts': 'typed-esm-operators.ts' };
    expect(await rxjsOnly.compile({ ...rootOnly, ...mixed })).toMatchObject({ code: 0, stdout: '' });
  });
});
