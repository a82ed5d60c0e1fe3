/**
 * The acceptance of exactly once in short; by hand: `npm run chaos -- --guarantee exactly-once`. It is proven by an app that works at
 * least once: killed in mid-work, that one has to be refused, and by name. It loses nothing, tears nothing in the end and keeps its
 * order, so that nothing of this may be found.
 */
import { runAcceptance } from '../chaos/exactly-once/acceptance.js';
import { judge } from '../chaos/exactly-once/judge.js';
import { missingPrerequisites } from '../kafka/provision.js';

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`The acceptance of exactly once is not proven. ${missing}\n`);

const short = { seed: '1', faults: [], nodes: 1, keys: 2_000, perSecond: 1_000, members: 2 } as const;
const boundMs = 240_000;
const onKafka = missing === undefined ? test : test.skip;

onKafka(
  'an app that works exactly once is accepted, though each of its processes is killed with a transaction open',
  async () => {
    const { evidence, rejections } = await runAcceptance({ ...short, guarantee: 'exactly-once' }, () => {});
    expect(judge(evidence)).toEqual([]);
    expect(rejections).toEqual([]);
    expect(evidence.kills).toHaveLength(short.members);
    expect(evidence.aborted).toBeGreaterThan(0);
  },
  boundMs,
);

onKafka(
  'an app that works at least once is refused, for what it does and for nothing else',
  async () => {
    const { evidence, inputs, rejections } = await runAcceptance(
      { ...short, guarantee: 'at-least-once' },
      () => {},
    );
    const findings = judge(evidence);
    const broken = findings.map(({ invariant }) => invariant);
    expect(broken).toEqual(
      expect.arrayContaining([
        'no output twice',
        'every output in a transaction',
        'a transaction is open at every kill',
      ]),
    );
    for (const name of [
      'an output is what its input makes',
      'all outputs of an input or none',
      'a committed input has its outputs',
      'outputs in the order of the input',
      'every transaction has ended',
      'a reader of everything reaches the end',
      'everything is committed in the end',
      'there is something to judge',
    ])
      expect(broken).not.toContain(name);
    expect(rejections).toEqual([]);
    const counted = findings.map(({ invariant, count }) => `${invariant}: ${count}`);
    process.stderr.write(`refused, of ${inputs} inputs: ${counted.join('; ')}\n`);
  },
  boundMs,
);
