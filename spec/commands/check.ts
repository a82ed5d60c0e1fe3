/** `npm run check`: all that can be said of the sources without running them. */
import { checks } from './checks.js';
import { flags, runCommand, seconds, showProgress } from './command.js';

const names = Object.keys(checks).join(', ');

const help = `npm run check [-- --json]

Checks, one line each: ${names}.

  --json   one JSON object on stdout

The last line is the result. Exit codes: 0 all is well, 1 something is not, 2 wrong usage.`;

await runCommand(help, async () => {
  const json = flags('json').has('json');
  const parts = [];
  for (const [name, check] of Object.entries(checks)) {
    showProgress(`${name} ...`);
    const started = performance.now();
    const { problems, warnings = [], about } = await check();
    const ms = Math.round(performance.now() - started);
    parts.push({ name, ok: problems.length === 0, ms, problems, warnings });
    showProgress('');
    if (json) continue;
    for (const problem of problems) process.stdout.write(`${problem}\n`);
    for (const warning of warnings) process.stdout.write(`warning: ${warning}\n`);
    const verdict = problems.length === 0 ? `ok: ${about}` : 'FAILED, see above';
    process.stdout.write(`${name.padEnd(9)} ${verdict} (${seconds(ms)})\n`);
  }
  const failed = parts.filter(part => !part.ok).map(part => part.name);
  const ok = failed.length === 0;
  if (json) return { ok, line: JSON.stringify({ ok, parts }) };
  return { ok, line: ok ? `check passed: ${names}` : `check failed: ${failed.join(', ')}` };
});
