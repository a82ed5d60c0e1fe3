/** The command: `npm run -s purchases -- …`; `--help` tells the options. */
import { onSignals, silentLogger } from 'kafka-rx';
import { parseArguments } from './arguments.js';
import { printHistory } from './history.js';
import { runPurchases } from './run.js';
import { runCommand } from './run-command.js';

/** Exit codes: 0 success or a drained stop, 1 failure, 2 wrong usage. */
async function main(argv: readonly string[]): Promise<number> {
  const request = parseArguments(argv);
  switch (request.command) {
    case 'help':
      process.stdout.write(request.text.endsWith('\n') ? request.text : `${request.text}\n`);
      return 0;
    case 'history':
      await printHistory(request);
      return 0;
    case 'reset': {
      // Loaded only where it is needed: nothing else here starts with a Kafka client.
      const { resetPurchases } = await import('./reset.js');
      await resetPurchases(request);
      return 0;
    }
    case 'run':
      return runPurchases(request, firstSignal());
  }
}

/** Aborted by the first SIGTERM or SIGINT; another one a second later or more ends the process at once, and says so. */
function firstSignal(): AbortSignal {
  const controller = new AbortController();
  const logger = {
    ...silentLogger,
    warn: (_: unknown, message: string) => process.stderr.write(`${message}\n`),
  };
  onSignals(['SIGTERM', 'SIGINT'], signal => controller.abort(signal), logger);
  return controller.signal;
}

runCommand(main);
