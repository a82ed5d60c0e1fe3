/** The command: `npm run -s dead-letters -- …`; `--help` tells the options. */
import { kafkajs } from 'kafka-rx/kafkajs';
import { withConnection } from '../purchases/cluster.js';
import { runCommand } from '../purchases/run-command.js';
import { parseArguments } from './arguments.js';
import { lettersIn } from './letters.js';
import { asList, asListJson } from './list.js';
import { asOutcome, asOutcomeJson } from './outcome.js';
import { replay } from './replay.js';
import { show } from './show.js';

/** Exit codes: 0 done, 1 failed or not all could be replayed, 2 wrong usage. */
async function main(argv: readonly string[]): Promise<number> {
  const request = parseArguments(argv);
  if (request.command === 'help') {
    process.stdout.write(request.text);
    return 0;
  }
  return withConnection(kafkajs({ brokers: request.brokers }), async connection => {
    const letters = await lettersIn(connection, request.topic);
    switch (request.command) {
      case 'list': {
        const chosen = letters.filter(request.wanted);
        process.stdout.write(request.json ? asListJson(chosen) : asList(chosen));
        return 0;
      }
      case 'show':
        process.stdout.write(show(letters, request));
        return 0;
      case 'replay': {
        const outcome = await replay(connection, letters, request);
        process.stdout.write(request.json ? asOutcomeJson(outcome) : asOutcome(outcome));
        return outcome.failed.length === 0 ? 0 : 1;
      }
    }
  });
}

runCommand(main);
