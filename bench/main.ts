/** `npm run bench -- <name>`: measures one part of the library and holds it to its target. */
import { parseArgs } from 'node:util';
import { benchmarks } from './benchmarks.js';
import { measureInChild } from './in-child.js';
import { type PeerName, peerNames } from './peers/peer-names.js';

const exitCodes = { met: 0, missed: 1, usage: 2 } as const;

const names = Object.keys(benchmarks).join(' | ');

const help = `npm run bench -- <${names}> [--rounds N] [--peers A,B] [--records N] [--keys N] [--only TEXT] [--json]

${Object.entries(benchmarks)
  .map(([name, { summary, defaultRounds }]) => `  ${name.padEnd(11)} ${summary} (${defaultRounds} rounds)`)
  .join('\n')}

  --rounds N   how often everything is measured; the median counts
  --peers A,B  beside whom: ${peerNames.join(', ')}; none for nobody (default: all that can run here)
  --records N  how many records are measured in a round
  --keys N     how many keys the rows with many have
  --only TEXT  only rows whose title holds this
  --json       one JSON object on stdout

The last line is the result. Exit codes: 0 target met, 1 missed or failed, 2 wrong usage.`;

class UsageError extends Error {}

async function main(): Promise<number> {
  const { values, positionals } = readArguments();
  if (values.help) {
    console.log(help);
    return exitCodes.met;
  }
  const [name, ...more] = positionals;
  if (name === undefined || more.length > 0) throw new UsageError(`Name one benchmark: ${names}`);
  const benchmark = Object.hasOwn(benchmarks, name) ? benchmarks[name] : undefined;
  if (benchmark === undefined) throw new UsageError(`There is no benchmark '${name}', only ${names}`);
  for (const option of ['peers', 'records', 'keys', 'only'] as const) {
    if (values[option] !== undefined && !benchmark.takes?.includes(option))
      throw new UsageError(`${name} takes no --${option}`);
  }
  const peers = peersOf(values.peers);
  const stranger = peers?.find(peer => benchmark.peers?.includes(peer) === false);
  if (stranger !== undefined) throw new UsageError(`${name} is not measured beside ${stranger}`);
  const rounds = numberOf('rounds', values.rounds) ?? benchmark.defaultRounds;
  const [records, keys] = [numberOf('records', values.records), numberOf('keys', values.keys)];
  const options = { rounds, peers, records, keys, only: values.only };

  const { lines, verdict, pass, figures } = await measureInChild(name, benchmark, options, showProgress);
  showProgress('');
  if (values.json) {
    console.log(JSON.stringify({ bench: name, pass, rounds, node: process.version, ...figures }));
  } else {
    for (const line of lines) console.log(line);
    const judged = pass === undefined ? '' : pass ? 'pass: ' : 'FAIL: ';
    console.log(`${judged}${verdict}`);
  }
  return pass === false ? exitCodes.missed : exitCodes.met;
}

function numberOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1) return number;
  throw new UsageError(`--${option} takes a number from 1 up`);
}

function peersOf(text: string | undefined): readonly PeerName[] | undefined {
  if (text === undefined) return undefined;
  if (text === 'none') return [];
  return text.split(',').map(word => {
    const peer = peerNames.find(name => name === word);
    if (peer === undefined)
      throw new UsageError(`There is no peer '${word}', only ${peerNames.join(', ')}, or none`);
    return peer;
  });
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        help: { type: 'boolean' },
        rounds: { type: 'string' },
        peers: { type: 'string' },
        records: { type: 'string' },
        keys: { type: 'string' },
        only: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${text}`);
}

try {
  process.exitCode = await main();
} catch (error) {
  showProgress('');
  console.error(error instanceof Error ? error.message : error);
  if (error instanceof UsageError) console.error('npm run bench -- --help tells more.');
  process.exitCode = error instanceof UsageError ? exitCodes.usage : exitCodes.missed;
}
