/** `npm run goldens`: see {@link help}. */
import { runCommand, seconds, showProgress } from '../commands/command.js';
import { goldensArguments, help } from './arguments.js';
import { casesIn } from './cases-in.js';
import { differences } from './differences.js';
import { replayAll } from './replay-all.js';

await runCommand(help, async () => {
  const request = goldensArguments(process.argv.slice(2));
  const began = performance.now();
  const report = await replayAll(casesIn(request.file, request.op), request, done =>
    showProgress(`${done} cases`),
  );
  showProgress('');
  const { ops, later, missing } = report;
  const sum = (of: 'cases' | 'agreed' | 'byDesign' | 'failed') => ops.reduce((all, one) => all + one[of], 0);
  const counts = {
    cases: sum('cases'),
    agreed: sum('agreed'),
    byDesign: sum('byDesign'),
    failed: sum('failed'),
  };
  const ok = counts.cases > 0 && counts.failed === 0 && missing.length === 0;
  if (request.json) {
    const how = { file: request.file, backend: request.backend, restart: request.restart };
    return { ok, line: JSON.stringify({ ok, ...how, ...counts, ops, later, missing }) };
  }
  for (const { op, cases, agreed, byDesign, failed, first } of ops) {
    const other = `${byDesign > 0 ? `, ${byDesign} differing by design` : ''}${failed > 0 ? `, ${failed} FAILED` : ''}`;
    process.stdout.write(`${op.padEnd(46)} ${agreed} of ${cases} agreed${other}\n`);
    if (first !== undefined) process.stdout.write(`  ${first}\n`);
  }
  for (const { name, cases } of report.designed)
    process.stdout.write(`by design: ${name}: ${cases} (docs/semantics.md)\n`);
  if (later.length > 0) process.stdout.write(`tables and joins, a later part: ${later.join(', ')}\n`);
  if (missing.length > 0) process.stdout.write(`NOT supported yet: ${missing.join(', ')}\n`);
  const { cases, agreed, byDesign, failed } = counts;
  const rest = missing.length === 0 ? '' : `, ${missing.length} operations not supported yet`;
  const share =
    cases === 0
      ? 'no case was replayed'
      : `${percent(cases - failed, cases)} of ${cases} cases as they should be`;
  return {
    ok,
    line: `goldens: ${share}: ${agreed} agreed, ${byDesign} differing by design (${differences.length} reasons), ${failed} failed${rest} (${seconds(performance.now() - began)})`,
  };
});

/** Never 100 where one is missing. */
function percent(of: number, all: number): string {
  return `${of === all ? 100 : (Math.floor((of / all) * 1_000) / 10).toFixed(1)} %`;
}
