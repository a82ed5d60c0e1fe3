/** `npm run build`: dist as it is published. */
import { join } from 'node:path';
import { buildInto } from '../packaging/build-into.js';
import { flags, repository, runCommand, seconds, showProgress } from './command.js';

const help = `npm run build

Removes dist and compiles lib and operators into dist/esm and dist/cjs, with types. "npm pack" and "npm publish" run it.

The last line is the result. Exit codes: 0 built, 1 failed, 2 wrong usage.`;

await runCommand(help, async () => {
  flags();
  showProgress('building ...');
  const started = performance.now();
  const { files, errors } = await buildInto(repository, join(repository, 'dist'));
  for (const error of errors) process.stderr.write(`${error}\n`);
  if (errors.length > 0) return { ok: false, line: `build failed: ${errors.length} lines from tsc, above` };
  return {
    ok: true,
    line: `built ${files} modules as ESM and CommonJS in ${seconds(performance.now() - started)}`,
  };
});
