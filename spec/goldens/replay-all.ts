import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lmdbBackend } from 'kafka-rx/lmdb';
import type { Answer } from './answers.js';
import type { GoldenCase } from './cases.js';
import { type Judgement, judge } from './judge.js';
import { partOf } from './parts.js';
import { answersOf } from './public/run-case.js';
import { topologies } from './public/topologies.js';

export interface Replaying {
  readonly backend: 'memory' | 'lmdb';
  readonly restart: boolean;
}

export interface OpReport {
  readonly op: string;
  readonly cases: number;
  readonly agreed: number;
  readonly byDesign: number;
  readonly failed: number;
  /** The first difference that is a failure. */
  readonly first: string | undefined;
}

export interface Report {
  /** In the order of the file. */
  readonly ops: readonly OpReport[];
  /** How many cases differ for each reason. */
  readonly designed: readonly { readonly name: string; readonly cases: number }[];
  /** Operations of tables and joins. */
  readonly later: readonly string[];
  readonly missing: readonly string[];
}

/** What the library answers to the cases, held to what Kafka Streams did. */
export async function replayAll(
  cases: AsyncIterable<GoldenCase> | Iterable<GoldenCase>,
  how: Replaying,
  progress: (done: number) => void = () => {},
): Promise<Report> {
  const ops = new Map<
    string,
    { op: string; cases: number; agreed: number; byDesign: number; failed: number; first: string | undefined }
  >();
  const designed = new Map<string, number>();
  const [later, missing] = [new Set<string>(), new Set<string>()];
  let done = 0;
  for await (const of of cases) {
    const part = partOf(of.op, topologies.has(of.op));
    if (part !== 'replayed') {
      (part === 'not supported yet' ? missing : later).add(of.op);
      continue;
    }
    const judged = await replayed(of, how);
    const report = ops.get(of.op) ?? {
      op: of.op,
      cases: 0,
      agreed: 0,
      byDesign: 0,
      failed: 0,
      first: undefined,
    };
    ops.set(of.op, report);
    report.cases++;
    report[judged.is]++;
    if (judged.is === 'byDesign') designed.set(judged.name, (designed.get(judged.name) ?? 0) + 1);
    if (judged.is === 'failed') report.first ??= judged.first;
    progress(++done);
  }
  return {
    ops: [...ops.values()],
    designed: [...designed].map(([name, number]) => ({ name, cases: number })),
    later: [...later],
    missing: [...missing],
  };
}

async function replayed(of: GoldenCase, { backend, restart }: Replaying): Promise<Judgement> {
  const answers = async (one: GoldenCase): Promise<readonly Answer[]> => {
    if (backend === 'memory') return answersOf(one, { restart });
    const folder = await mkdtemp(join(tmpdir(), 'kafka-rx-goldens-'));
    try {
      return await answersOf(one, { restart, backend: lmdbBackend(folder) });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
  try {
    return await judge(of, await answers(of), answers);
  } catch (error) {
    const said = (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' ');
    return { is: 'failed', first: `${of.case}: ${said}` };
  }
}
