import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { javaCommand, type KafkaJars, missingPrerequisites, provision, streams } from './provision.js';
import { run, tellingLine } from './run.js';

const compileTimeoutMs = 120_000;

/** A Kafka Streams program that was compiled into `folder`. */
export interface StreamsProgram {
  readonly jars: KafkaJars;
  readonly folder: string;
}

/** What this machine lacks to compile such a program, as one sentence, or undefined. It touches no network. */
export function missingToCompile(): string | undefined {
  const without = missingPrerequisites(streams);
  if (without !== undefined) return without;
  return spawnSync(javac(), ['-version'], { stdio: 'ignore' }).error === undefined
    ? undefined
    : withoutJavac();
}

function javac(): string {
  return javaCommand().replace(/java$/, 'javac');
}

function withoutJavac(): string {
  return `"${javac()}" did not run; install a JDK 17 or later (Debian: apt install openjdk-17-jdk-headless)`;
}

/**
 * Compiles Java sources of this repository, named from its root on.
 *
 * @throws when that needs what is not there
 */
export async function compileStreams(folder: string, sources: readonly string[]): Promise<StreamsProgram> {
  const without = missingToCompile();
  if (without !== undefined) throw new Error(without);
  const jars = await provision(streams);
  await mkdir(folder, { recursive: true });
  const files = sources.map(source => fileURLToPath(new URL(`../../${source}`, import.meta.url)));
  const { code, stdout, stderr } = await run(
    javac(),
    ['-d', folder, '-cp', jars.classPath, ...files],
    compileTimeoutMs,
  );
  if (code !== 0) throw new Error(tellingLine(`${stderr}\n${stdout}`));
  return { jars, folder };
}

/**
 * How a class of it is started. Serial: on few cores the collector that takes the least CPU.
 *
 * @param heapMib of the JVM, from the beginning
 */
export function streamsCommand(
  { jars: { java, classPath, logConfig }, folder }: StreamsProgram,
  name: string,
  heapMib = 512,
): [string, ...string[]] {
  const heap = [`-Xms${heapMib}m`, `-Xmx${heapMib}m`, '-XX:+UseSerialGC'];
  const paths = [
    `-Djava.io.tmpdir=${folder}`,
    `-Dlog4j2.configurationFile=${logConfig}`,
    '-Dkafka.rx.log=ERROR',
  ];
  return [java, ...heap, ...paths, '-cp', `${folder}:${classPath}`, name];
}
