/** What `--help` prints. */
export const helpText = `Usage: npm run -s dead-letters -- list --brokers HOST:PORT,… [--reason CODE] [--stage STAGE]
       npm run -s dead-letters -- show PARTITION:OFFSET --brokers HOST:PORT,… [--key-env NAME]
       npm run -s dead-letters -- replay PARTITION:OFFSET… | --all --brokers HOST:PORT,… [--to branch | topology]

list prints a line for each dead letter: where it lies, when and why the record failed, where the record lies, and
whether it was replayed. show prints one with its payload. replay reads the records from their own topics and publishes
them there again, with key, headers and timestamp, each once: what was replayed is marked beside its dead letter, after
the record was acknowledged. A crash between the two means that the next replay publishes it once more; none is lost.

  --brokers HOST:PORT,…    the Kafka cluster
  --topic NAME             the topic of the dead letters (default: transactions.dead-letters)
  --reason CODE            only those with this error code, such as DECODE
  --stage STAGE            only those that failed at decode, process, encode, produce or store
  --key-env NAME           the environment variable with the key of encrypted payloads, in hexadecimal or base64
  --all                    every dead letter that was not replayed yet
  --to branch              for the app and the node that failed, and what is below it; all else passes it by (default)
  --to topology            for everyone who reads the topic: the healthy branches get the record again
  --app NAME               with --to branch: the app's group id, where it is not the one in the dead letter any more
  --node NAME              with --to branch: the operator or sink, where it is not called as in the dead letter any more
  --dry-run                look whether the records are still there, and publish nothing
  --json                   print one line of JSON
  -h, --help               print this

It reads under consumer groups of its own, named dead-letters-… and without committed offsets.
Exit codes: 0 done, 1 failed or not all could be replayed, 2 wrong usage.
`;
