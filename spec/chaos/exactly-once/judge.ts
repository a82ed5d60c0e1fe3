import { placeOf, type Violation } from '../evidence.js';
import { type Finding, findingsOf } from '../findings.js';
import type { ExactlyOnceEvidence, InputRecord, OutputRecord } from './evidence.js';

/**
 * Judges a run under exactly once at rest: what readers of committed records got of each output, partition by partition, is what is
 * computed from the input, in its order, nothing twice and nothing missing; outputs and offsets went together; and nothing hangs.
 * Pure; none means that all held.
 */
export function judge(evidence: ExactlyOnceEvidence): readonly Finding[] {
  return findingsOf([
    ...[outputsAreInputs(evidence), once(evidence), inOrder(evidence), allOrNone(evidence)],
    ...[withTheirOffset(evidence), inUnits(evidence), atRest(evidence), soonWhole(evidence)],
    ...[killedInside(evidence), somethingToJudge(evidence)],
  ]);
}

/** An output is one that its input makes: of its key and value, in the partition that the key belongs to. */
function* outputsAreInputs({ input, inputs, outputs }: ExactlyOnceEvidence): Generator<Violation> {
  const invariant = 'an output is what its input makes';
  const owed = new Map([...inputs.values()].flat().map(record => [placeOf(record), record.owed]));
  for (const [topic, record] of allOf(outputs)) {
    const at = `${topic} ${placeOf(record)}`;
    if (record.source === undefined) {
      yield { invariant, detail: `${at} is of no input` };
      continue;
    }
    const wanted = owed.get(placeOf(record.source))?.find(one => one.topic === topic);
    const of = `${input} ${placeOf(record.source)}`;
    if (wanted === undefined) yield { invariant, detail: `${at} is of ${of}, which makes none there` };
    else if (wanted.partition !== undefined && wanted.partition !== record.partition)
      yield { invariant, detail: `${at} is of ${of}, which belongs in partition ${wanted.partition}` };
    else if (wanted.sum !== undefined && wanted.sum !== record.sum)
      yield { invariant, detail: `${at} is of ${of}, which makes another key or value` };
  }
}

function* once({ input, outputs }: ExactlyOnceEvidence): Generator<Violation> {
  for (const [topic, partitions] of outputs) {
    const first = new Map<string, OutputRecord>();
    for (const record of [...partitions.values()].flat()) {
      if (record.source === undefined) continue;
      const source = placeOf(record.source);
      const before = first.get(source);
      if (before === undefined) first.set(source, record);
      else
        yield {
          invariant: 'no output twice',
          detail: `${input} ${source} is in ${topic} at ${placeOf(before)} and again at ${placeOf(record)}`,
        };
    }
  }
}

/** What one input partition becomes lies in each output partition in the order of the input, repeats left out. */
function* inOrder({ input, outputs }: ExactlyOnceEvidence): Generator<Violation> {
  for (const [topic, partitions] of outputs) {
    for (const [partition, records] of partitions) {
      const seen = new Set<string>();
      const last = new Map<number, number>();
      for (const { source, offset } of records) {
        if (source === undefined || seen.has(placeOf(source))) continue;
        seen.add(placeOf(source));
        const before = last.get(source.partition) ?? -1;
        if (source.offset > before) last.set(source.partition, source.offset);
        else
          yield {
            invariant: 'outputs in the order of the input',
            detail: `${topic} ${partition}/${offset} is ${input} ${placeOf(source)}, behind ${source.partition}/${before}`,
          };
      }
    }
  }
}

/** Of every input all that it makes is there, or nothing; and all of it once its offset is committed. */
function* allOrNone({ input, inputs, outputs, committed }: ExactlyOnceEvidence): Generator<Violation> {
  const present = sourcesOf(outputs);
  for (const [partition, records] of inputs) {
    for (const record of records) {
      const lacks = lacking(record, present);
      if (lacks.length === 0) continue;
      const detail = `${input} ${placeOf(record)} is not in ${lacks.join(', ')}`;
      if (lacks.length < record.owed.length) yield { invariant: 'all outputs of an input or none', detail };
      if (record.offset < (committed.get(partition) ?? 0))
        yield {
          invariant: 'a committed input has its outputs',
          detail: `${detail}, and ${committed.get(partition)} is committed`,
        };
    }
  }
}

/** Else a member that comes next makes them again. */
function* withTheirOffset(evidence: ExactlyOnceEvidence): Generator<Violation> {
  const { input, inputs, outputs, committed } = evidence;
  const present = sourcesOf(outputs);
  for (const [partition, records] of inputs) {
    const until = committed.get(partition) ?? 0;
    for (const record of records) {
      if (record.offset < until || lacking(record, present).length === record.owed.length) continue;
      const detail = `${input} ${placeOf(record)} has outputs, and only ${until} is committed`;
      yield { invariant: 'outputs and their offset together', detail };
    }
  }
}

function* inUnits({ outputs }: ExactlyOnceEvidence): Generator<Violation> {
  for (const [topic, record] of allOf(outputs)) {
    if (record.inUnit) continue;
    const detail = `${topic} ${placeOf(record)} was written outside of a transaction`;
    yield { invariant: 'every output in a transaction', detail };
  }
}

/** Nothing hangs, nothing is left to do. */
function* atRest(evidence: ExactlyOnceEvidence): Generator<Violation> {
  const { input, inputs, outputs, committed, standings, reached } = evidence;
  for (const { topic, partition, lastStable, highWatermark } of standings) {
    const at = `${topic} ${partition}`;
    if (lastStable !== highWatermark) {
      const detail = `${at}: an open transaction holds readers at ${lastStable}, the end is ${highWatermark}`;
      yield { invariant: 'every transaction has ended', detail };
    }
    const end = reached.get(`${topic}:${partition}`) ?? 0;
    if (outputs.has(topic) && end < highWatermark) {
      const detail = `${at}: a reader of everything arrived at ${end} of ${highWatermark}`;
      yield { invariant: 'a reader of everything reaches the end', detail };
    }
  }
  for (const [partition, records] of inputs) {
    const end = (records.at(-1)?.offset ?? -1) + 1;
    const offset = committed.get(partition) ?? 0;
    if (offset >= end) continue;
    const detail = `${input} ${partition}: ${offset} of ${end}`;
    yield { invariant: 'everything is committed in the end', detail };
  }
}

function* soonWhole({ input, torn }: ExactlyOnceEvidence): Generator<Violation> {
  for (const { source, missing, heldMs } of torn) {
    const detail = `${input} ${placeOf(source)} was seen, and not in ${missing.join(', ')} ${heldMs} ms later`;
    yield { invariant: 'whole within 5 s of the first sight', detail };
  }
}

/** No input, or a topic that nobody looked at: nothing was shown. */
function* somethingToJudge({ inputs, outputs, standings }: ExactlyOnceEvidence): Generator<Violation> {
  const invariant = 'there is something to judge';
  if (![...inputs.values()].some(records => records.length > 0)) yield { invariant, detail: 'no input' };
  for (const topic of outputs.keys())
    if (!standings.some(standing => standing.topic === topic))
      yield { invariant, detail: `nobody looked at the ends of ${topic}` };
}

/** A kill between two transactions shows nothing. */
function* killedInside({ kills }: ExactlyOnceEvidence): Generator<Violation> {
  for (const { member, transactionOpen } of kills) {
    if (transactionOpen) continue;
    const detail = `${member} was killed while none was open`;
    yield { invariant: 'a transaction is open at every kill', detail };
  }
}

function* allOf(outputs: ExactlyOnceEvidence['outputs']): Generator<readonly [string, OutputRecord]> {
  for (const [topic, partitions] of outputs)
    for (const records of partitions.values()) for (const record of records) yield [topic, record];
}

/** By topic, the inputs that are there. */
function sourcesOf(outputs: ExactlyOnceEvidence['outputs']): ReadonlyMap<string, ReadonlySet<string>> {
  const present = new Map<string, Set<string>>();
  for (const [topic, { source }] of allOf(outputs)) {
    if (source === undefined) continue;
    const sources = present.get(topic) ?? new Set();
    present.set(topic, sources.add(placeOf(source)));
  }
  return present;
}

function lacking(record: InputRecord, present: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const place = placeOf(record);
  return record.owed.map(({ topic }) => topic).filter(topic => present.get(topic)?.has(place) !== true);
}
