import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type KafkaJars, missingPrerequisites, provision, streams } from '../../spec/kafka/provision.js';
import { run, tellingLine } from '../../spec/kafka/run.js';

const compileTimeoutMs = 120_000;

/** A Kafka Streams program that was compiled into `folder`. */
export interface StreamsProgram {
  readonly jars: KafkaJars;
  readonly folder: string;
}

/**
 * Compiles Java sources of this benchmark, named from bench on.
 *
 * @throws when that needs what is not there
 */
export async function compileStreams(folder: string, sources: readonly string[]): Promise<StreamsProgram> {
  const without = missingPrerequisites(streams);
  if (without !== undefined) throw new Error(without);
  const jars = await provision(streams);
  await mkdir(folder, { recursive: true });
  const files = sources.map(source => fileURLToPath(new URL(`../${source}`, import.meta.url)));
  const javac = jars.java.replace(/java$/, 'javac');
  const { code, stdout, stderr } = await run(
    javac,
    ['-d', folder, '-cp', jars.classPath, ...files],
    compileTimeoutMs,
  );
  if (code === undefined)
    throw new Error(
      `"${javac}" did not run; install a JDK 17 or later (Debian: apt install openjdk-17-jdk-headless)`,
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
