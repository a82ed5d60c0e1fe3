/** Measures one benchmark, named by its argument, and hands the outcome to the process that forked this one. */
import type { BenchmarkOptions, Outcome } from './benchmark.js';
import { benchmarks } from './benchmarks.js';

/** What a child tells its parent. */
export type ChildMessage =
  | { readonly type: 'progress'; readonly text: string }
  | { readonly type: 'outcome'; readonly outcome: Outcome };

const [name = '', options = ''] = process.argv.slice(2);
const benchmark = benchmarks[name];
if (benchmark === undefined || process.send === undefined) {
  throw new Error('bench/child.ts is started by bench/main.ts only');
}
const send = (message: ChildMessage): void => void process.send?.(message);
const measure = await benchmark.load();
// bench/in-child.ts wrote the options, of this version.
const outcome = await measure(JSON.parse(options) as BenchmarkOptions, text =>
  send({ type: 'progress', text }),
);
send({ type: 'outcome', outcome });
process.disconnect();
