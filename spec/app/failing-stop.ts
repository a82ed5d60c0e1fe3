/** Run by `signals.spec.ts` as a process of its own: what is to stop it rejects, while something else of it has yet to end. */
import { onSignals, silentLogger } from 'kafka-rx';

const say = (text: string): unknown => process.stdout.write(`${text}\n`);
const work = setTimeout(() => say('too late'), 30_000);
const leave = onSignals(
  ['SIGTERM'],
  async () => {
    clearTimeout(work);
    setTimeout(() => {
      say('goodbye');
      leave();
    }, 200);
    throw new Error('4111111111111111');
  },
  { ...silentLogger, error: (_, message) => say(message) },
);
say('running');
