import { defaultStoreFolder, type Surroundings } from './data-folder.js';

/** What `--help` prints; ends with a line feed. */
export function helpText(command: 'run' | 'history', surroundings: Surroundings): string {
  return command === 'run' ? runHelp(defaultStoreFolder(surroundings)) : historyHelp();
}

function runHelp(storeFolder: string): string {
  return `Usage: npm run -s purchases -- [options]
       npm run -s purchases -- history --store DIR --customer ID [--from T] [--to T]

Reads purchases from the topic transactions, masks their card numbers, and writes them to the topics patterns,
rewards and purchases and to a history on disk. Offsets are committed in order, once all of that is durable.

  --brokers HOST:PORT,…      a Kafka cluster; without it an embedded broker replays the CDNOW purchases and the
                             run ends when that has drained
  --group NAME               consumer group (default: purchases)
  --input FILE.jsonl         publish these purchases first, one JSON object a line
  --idle-exit SECONDS        on a cluster: end after so long without a record (default: run until a signal)
  --store DIR                folder of the history
                             (default: ${storeFolder})
  --on-invalid POLICY        what to do with a record that cannot be read: fail, skip or dead-letter (default: fail)
  --dead-letter-topic NAME   where dead letters go (default: transactions.dead-letters)
  --create-topics            create missing topics, with 4 partitions each
  --metrics-port PORT        serve metrics for Prometheus on 127.0.0.1 (0: any free port)
  --json                     end standard output with one line of JSON: counts, seconds, records per second
  -h, --help                 print this; after history, the help of history

SIGINT and SIGTERM drain, commit and exit 0; a second signal ends at once.
Exit codes: 0 done, 1 failed, 2 wrong usage.
`;
}

function historyHelp(): string {
  return `Usage: npm run -s purchases -- history --store DIR --customer ID [--from T] [--to T]

Prints a customer's purchases, card numbers masked, in order of time, as JSON lines; also while the pipeline runs.

  --store DIR      folder of the history
  --customer ID    whose purchases
  --from T         no purchases before T
  --to T           no purchases at or after T
  -h, --help       print this

T is a date (1997-05-31) or a time (1997-05-31T18:30:00Z, 1997-05-31T18:30:00+02:00); without a zone it is UTC.
Exit codes: 0 done, 1 failed, 2 wrong usage.
`;
}
