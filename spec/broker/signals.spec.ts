/** The purchases command on a real Kafka under load, told to end in each of the ways in which people and machines tell it. */
import { setTimeout as delay } from 'node:timers/promises';
import { inPidNamespace, inTerminal, onlyChildOf } from '../app/surroundings.js';
import { missingPrerequisites } from '../kafka/provision.js';
import { type Member, PurchaseTrial, underNpm, wholeAndOnce } from './purchase-trial.js';

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`Signals under load are not tried. ${missing}\n`);

const alone = [process.execPath, '--import', 'tsx', 'demos/purchases/main.ts'] as const;
/** Far beyond a drain, far below the session that a member leaves behind which does not drain. */
const mostMs = 8_000;

interface Way {
  readonly name: string;
  readonly words: (options: readonly string[]) => readonly string[];
  readonly tell: (member: Member) => void;
}

const toGroup =
  (signal: NodeJS.Signals) =>
  (member: Member): void =>
    member.signal(signal);

/** As a supervisor may, and npm does: twice within milliseconds. */
const twice =
  (signal: NodeJS.Signals, pidOf = (member: Member) => member.pid) =>
  (member: Member): void => {
    const pid = pidOf(member);
    process.kill(pid, signal);
    setTimeout(() => process.kill(pid, signal), 3);
  };

const terminal = inTerminal();
const namespace = inPidNamespace();
const ways: readonly Way[] = [
  { name: 'SIGTERM twice', words: options => [...alone, ...options], tell: twice('SIGTERM') },
  {
    name: 'npm run, SIGTERM to the group',
    words: options => [...underNpm, ...options],
    tell: toGroup('SIGTERM'),
  },
  {
    name: 'npm run, SIGINT to the group',
    words: options => [...underNpm, ...options],
    tell: toGroup('SIGINT'),
  },
  {
    name: 'npm run, Ctrl-C in a terminal',
    words: options => terminal?.([...underNpm, ...options]) ?? [],
    tell: ({ child }) => void child.stdin?.write('\u0003'),
  },
  ...(namespace === undefined
    ? []
    : [
        {
          name: 'first process of a container, SIGTERM twice',
          words: (options: readonly string[]) => [...namespace, ...alone, ...options],
          tell: twice('SIGTERM', ({ pid }) => onlyChildOf(pid)),
        },
      ]),
];

(missing === undefined ? test : test.skip)(
  'told to end, however and however often, a member drains, commits and leaves: nothing comes again and nobody waits for its session',
  async () => {
    expect(terminal).toBeDefined();
    if (process.env['CI']) expect(namespace).toBeDefined();
    const trial = await PurchaseTrial.begin();
    try {
      const ends: string[] = [];
      for (const { name, words, tell } of ways) {
        const member = trial.start(words);
        await trial.working(1);
        await delay(500);
        const from = performance.now();
        tell(member);
        const code = await member.ended;
        const tookMs = performance.now() - from;
        const isWell = code === 0 && tookMs < mostMs;
        ends.push(
          isWell
            ? `${name}: 0`
            : `${name}: ${code} after ${Math.round(tookMs)} ms, having said:\n${member.output()}`,
        );
        await trial.settled(0);
      }
      trial.start(options => [...underNpm, ...options]);
      await trial.working(1);
      const outcome = await trial.conclude();
      expect(ends).toEqual(ways.map(({ name }) => `${name}: 0`));
      expect(outcome).toEqual(wholeAndOnce(outcome.inputs));
    } finally {
      await trial.abandon();
    }
  },
  300_000,
);
