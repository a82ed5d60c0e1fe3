/** `npm run kafka -- up | down | status`: a real Kafka on this machine that outlives the command. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { detachedDir, findDetached, type Running, startDetached, stopDetached } from './detached.js';
import { HarnessError } from './harness-error.js';
import { withLock } from './lock.js';
import { isFree } from './ports.js';
import { cacheDir, kafkaVersion } from './provision.js';
import type { NodeCount } from './settings.js';

const usualPort = 9092;

const exitCodes = { done: 0, failed: 1, usage: 2, notRunning: 3 } as const;

const help = {
  '': `npm run kafka -- <command>: a real Kafka ${kafkaVersion} on this machine, without Docker (Java 17, Maven once)

  up       start it and print its bootstrap address
  down     stop it and delete its data
  status   say whether it runs (exit code 0) or not (3)

  <command> --help   its options
  --json             one JSON object on stdout, for each command

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 status: not running.`,
  up: `npm run kafka -- up [--nodes 1|3] [--port N] [--json]

Starts Kafka, waits until it is ready and prints its bootstrap address as the last line. If it runs already, says so.

  --nodes 1|3   1 by default; 3: replication factor 3, min.insync.replicas 2
  --port N      of the first node; by default ${usualPort}, or a free one if that is taken`,
  down: `npm run kafka -- down [--json]

Stops what \`up\` started, at the latest after 20 s by SIGKILL, and deletes its data.`,
  status: `npm run kafka -- status [--json]

Says in one line whether it runs, where, and as which processes. Exit code 0 if it runs, 3 if not.`,
} as const;

interface Arguments {
  readonly nodes: NodeCount;
  readonly port: number | undefined;
}

/** One line for people, the same as an object for machines, and the exit code. */
interface Outcome {
  readonly line: string;
  readonly json: object;
  readonly code: number;
}

const commands = { up, down, status };

async function up(args: Arguments): Promise<Outcome> {
  await mkdir(cacheDir(), { recursive: true });
  return withLock(lockFile(), async () => {
    const running = await findDetached();
    if (running !== undefined) return alreadyUp(running, args);
    await stopDetached(); // the remains of one that crashed, or of a start that was cut off

    const port = args.port ?? ((await isFree(usualPort)) ? usualPort : undefined);
    if (port === undefined) say(`Port ${usualPort} is taken; using a free one.`);
    const { brokers, clusterId, nodes } = await startDetached({
      nodes: args.nodes,
      ...(port === undefined ? {} : { port }),
    });
    const count = args.nodes === 1 ? '1 node' : `${args.nodes} nodes`;
    say(`Kafka ${kafkaVersion} is ready: ${count}, cluster ${clusterId}. To stop it: npm run kafka -- down`);
    const pids = nodes.flatMap(node => node.pid ?? []);
    const json = {
      running: true,
      started: true,
      brokers,
      clusterId,
      nodes: args.nodes,
      pids,
      dataDir: detachedDir(),
    };
    return { line: brokers.join(), json, code: exitCodes.done };
  });
}

function alreadyUp(running: Running, wanted: Arguments): Outcome {
  if (!isWhole(running)) {
    throw new HarnessError('start', `${sentence(running)} Run "npm run kafka -- down" first.`);
  }
  const other =
    wanted.nodes === running.nodes ? '' : ' For another number of nodes run "npm run kafka -- down" first.';
  say(`Kafka is running already.${other}`);
  const json = { running: true, started: false, ...running };
  return { line: running.brokers.join(), json, code: exitCodes.done };
}

async function down(): Promise<Outcome> {
  await mkdir(cacheDir(), { recursive: true });
  return withLock(lockFile(), async () => {
    const running = await findDetached();
    await stopDetached();
    const line = running === undefined ? 'Kafka was not running.' : 'Kafka is stopped and its data deleted.';
    return { line, json: { running: false, stopped: running?.pids ?? [] }, code: exitCodes.done };
  });
}

async function status(): Promise<Outcome> {
  const running = await findDetached();
  if (running === undefined) {
    const line = 'Kafka is not running; start it with: npm run kafka -- up';
    return { line, json: { running: false }, code: exitCodes.notRunning };
  }
  return { line: sentence(running), json: { running: true, ...running }, code: exitCodes.done };
}

function isWhole({ brokers, pids }: Running): boolean {
  return brokers.length > 0 && pids.length === brokers.length;
}

function sentence(running: Running): string {
  const { brokers, pids, nodes, clusterId } = running;
  const processes = `process ${pids.join(', ')}`;
  if (brokers.length === 0) return `Kafka is starting, or its start was cut off (${processes}).`;
  if (!isWhole(running)) return `Only ${pids.length} of ${nodes} Kafka nodes run (${processes}).`;
  return `Kafka ${kafkaVersion} is running on ${brokers.join()} (cluster ${clusterId}, ${processes}).`;
}

function lockFile(): string {
  return join(cacheDir(), 'cluster.lock');
}

/** To people; stdout is kept for the result. */
function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function wrongUsage(what: string): HarnessError {
  return new HarnessError('usage', `${what}; see: npm run kafka -- --help`);
}

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parse(argv);
  const [name = '', ...rest] = positionals;
  if (name !== '' && name !== 'up' && name !== 'down' && name !== 'status') {
    throw wrongUsage(`There is no command "${name}"`);
  }
  if (values.help) {
    process.stdout.write(`${help[name]}\n`);
    return exitCodes.done;
  }
  if (name === '') throw wrongUsage('A command is missing: up, down or status');
  if (rest.length > 0) throw wrongUsage(`"${rest.join(' ')}" is too much after "${name}"`);
  if (name !== 'up' && (values.nodes ?? values.port) !== undefined) {
    throw wrongUsage(`--nodes and --port are options of "up", not of "${name}"`);
  }

  const { line, json, code } = await commands[name]({
    nodes: nodeCount(values.nodes ?? '1'),
    port: values.port === undefined ? undefined : portNumber(values.port),
  });
  process.stdout.write(`${values.json ? JSON.stringify(json) : line}\n`);
  return code;
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        nodes: { type: 'string' },
        port: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw wrongUsage(oneLine(error).replace(/\..*$/, ''));
  }
}

function nodeCount(text: string): NodeCount {
  if (text === '1') return 1;
  if (text === '3') return 3;
  throw wrongUsage(`--nodes is 1 or 3, not "${text}"`);
}

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw wrongUsage(`--port is a number from 1 to 65535, not "${text}"`);
}

function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\s*\n\s*/g, ' ');
}

main(process.argv.slice(2)).then(
  code => {
    process.exitCode = code;
  },
  (error: unknown) => {
    say(oneLine(error));
    process.exitCode =
      error instanceof HarnessError && error.code === 'usage' ? exitCodes.usage : exitCodes.failed;
  },
);
