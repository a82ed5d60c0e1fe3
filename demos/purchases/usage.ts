import { defaultStoreFolder, embeddedStoreFolder, type Surroundings } from './data-folder.js';

/** What `--help` prints; ends with a line feed. */
export function helpText(command: 'run' | 'history' | 'reset', surroundings: Surroundings): string {
  if (command === 'history') return historyHelp();
  const storeFolder = defaultStoreFolder(surroundings);
  return command === 'reset'
    ? resetHelp(storeFolder)
    : runHelp(storeFolder, embeddedStoreFolder(surroundings));
}

function runHelp(storeFolder: string, embeddedFolder: string): string {
  return `Usage: npm run -s purchases -- [options]
       npm run -s purchases -- history --store DIR --customer ID [--from T] [--to T]
       npm run -s purchases -- reset --to WHERE --brokers HOST:PORT [--group NAME] [--store DIR]

Reads purchases from the topic transactions, masks their card numbers, and writes them to the topics patterns,
rewards and purchases and to a history on disk. Offsets are committed in order, once all of that is durable; under
exactly-once together with the records, in one transaction.

  --brokers HOST:PORT,…      a Kafka cluster; without it an embedded broker replays the CDNOW purchases and the
                             run ends when that has drained
  --group NAME               consumer group (default: purchases)
  --input FILE.jsonl         publish these purchases first, one JSON object a line
  --idle-exit SECONDS        on a cluster: end after so long without a record (default: run until a signal);
                             members of the group that were killed keep their partitions for 10 s
  --store DIR                folder of the history
                             (default: ${storeFolder};
                             embedded: ${embeddedFolder}, emptied at each start)
  --on-invalid POLICY        what to do with a record that cannot be read: fail, skip or dead-letter (default: fail)
  --dead-letter-topic NAME   where dead letters go (default: transactions.dead-letters)
  --dead-letter-limit PERCENT
                             fail above this share of the records of a minute, once there are more than 100 dead
                             letters; none: never (default: 10)
  --guarantee NAME           at-least-once: a crash may repeat records in the topics; exactly-once: for readers of
                             committed records it does not. The history replaces what comes again
                             (default: at-least-once)
  --create-topics            create missing topics, with 4 partitions each
  --workers N                on a cluster: N threads, each a member of the group (default: 1)
  --metrics-port PORT        serve metrics for Prometheus on 127.0.0.1 (0: any free port)
  --json                     end standard output with one line of JSON: counts, seconds, records per second
  -h, --help                 print this; after history or reset, the help of that

SIGINT and SIGTERM drain, commit and exit 0; another one a second later or more ends at once.
Exit codes: 0 done, 1 failed, 2 wrong usage.
`;
}

function resetHelp(storeFolder: string): string {
  return `Usage: npm run -s purchases -- reset --to WHERE --brokers HOST:PORT,… [--group NAME] [--store DIR] [--json]

Sends the group to where it is to go on in the topic transactions, and tells the history, which gives up what it holds
from there on: the next run makes it anew. Refused, with nothing changed, while a run of the group lives; after a crash
that is so for about ten seconds more. What was published to patterns, rewards and purchases stays there. Cut off half
way, reset again.

  --to WHERE               earliest, latest, or a time T: the first record at or after it
  --brokers HOST:PORT,…    the Kafka cluster
  --group NAME             consumer group (default: purchases)
  --store DIR              folder of the history
                           (default: ${storeFolder})
  --json                   print the result as one line of JSON
  -h, --help               print this

T is a date (1997-05-31), a time (1997-05-31T18:30:00Z, 1997-05-31T18:30:00+02:00; without a zone it is UTC), or
milliseconds since 1970. It is compared with the timestamps of the records, which is when they were published.
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
