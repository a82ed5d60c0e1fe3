/**
 * A real Kafka without Docker: the jars of `org.apache.kafka:kafka_2.13` and `kafka-tools` from Maven Central (or
 * another set of jars that belongs to it), kept in a cache folder by version (`$KAFKA_RX_CACHE`, else `$XDG_CACHE_HOME/kafka-rx`, else `~/.cache/kafka-rx`). It needs
 * Java 17 or later, and Maven for the first time only.
 *
 * The cached folder appears by one rename, whole or not at all; so a download that was cut off leaves nothing that
 * looks complete, and a folder that exists needs no check.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { HarnessError } from './harness-error.js';
import { withLock } from './lock.js';
import { run, tellingLine } from './run.js';

export const kafkaVersion = '4.3.1';
const log4jVersion = '2.25.4';
const jacksonVersion = '2.21.2'; // as the broker's
const minimumJava = 17;
const downloadTimeoutMs = 600_000;

/** Jars that are fetched together, with what they depend on. */
export interface JarSet {
  /** The folder in the cache: name and version. */
  readonly name: string;
  /** For people: what is fetched, and how much. */
  readonly about: string;
  /** Group, artifact, version. */
  readonly dependencies: readonly (readonly [group: string, artifact: string, version: string])[];
}

/** slf4j's binding is named because no dependency of Kafka's brings one, and without it Kafka logs nothing at all. */
const logging = ['org.apache.logging.log4j', 'log4j-slf4j-impl', log4jVersion] as const;

/** The broker and its tools. */
const broker: JarSet = {
  name: `kafka-${kafkaVersion}`,
  about: `Kafka ${kafkaVersion} (about 55 MB of jars)`,
  dependencies: [
    ['org.apache.kafka', 'kafka_2.13', kafkaVersion],
    ['org.apache.kafka', 'kafka-tools', kafkaVersion],
    logging,
  ],
};

/** What a Kafka Streams program with JSON needs; RocksDB comes with it, wanted or not. */
export const streams: JarSet = {
  name: `kafka-streams-${kafkaVersion}`,
  about: `Kafka Streams ${kafkaVersion} (about 85 MB of jars)`,
  dependencies: [
    ['org.apache.kafka', 'kafka-streams', kafkaVersion],
    ['com.fasterxml.jackson.core', 'jackson-databind', jacksonVersion],
    logging,
  ],
};

/** What it takes to run a class of such a set. */
export interface KafkaJars {
  readonly java: string;
  readonly classPath: string;
  /** A log4j2 file that writes to stderr from the level in the system property `kafka.rx.log` (default WARN). */
  readonly logConfig: string;
}

/** Where everything that outlives a process is kept. */
export function cacheDir(): string {
  const { KAFKA_RX_CACHE: own, XDG_CACHE_HOME: xdg } = process.env;
  return own || join(xdg || join(homedir(), '.cache'), 'kafka-rx');
}

/**
 * What this machine lacks for a real Kafka, as one sentence, or undefined. A suite that needs Kafka says this when it
 * does not run. It asks `java`, and `mvn` only if the jars are still to be fetched; it touches no network.
 */
export function missingPrerequisites(jars: JarSet = broker): string | undefined {
  const java = spawnSync(javaCommand(), ['-version'], { encoding: 'utf8' });
  const version = /version "(\d+)/.exec(java.stderr ?? '')?.[1];
  if (java.error !== undefined || version === undefined) {
    return `Java is missing: "${javaCommand()} -version" did not run; install a JRE ${minimumJava} or later (Debian: apt install openjdk-17-jre-headless).`;
  }
  if (Number(version) < minimumJava) {
    return `Java ${version} is too old: Kafka ${kafkaVersion} needs ${minimumJava} or later; install it or point JAVA_HOME to it.`;
  }
  if (!existsSync(homeDir(jars)) && spawnSync('mvn', ['-v'], { stdio: 'ignore' }).error !== undefined) {
    return `Maven is missing: "mvn -v" did not run; install it (Debian: apt install maven); it fetches Kafka's jars once.`;
  }
  return undefined;
}

/** Fetches the jars unless they are cached; the broker's by default. Safe to call from several processes at once. */
export async function provision(jars: JarSet = broker): Promise<KafkaJars> {
  const missing = missingPrerequisites(jars);
  if (missing !== undefined) throw new HarnessError('prerequisite', missing);

  const home = homeDir(jars);
  if (!existsSync(home)) {
    await mkdir(cacheDir(), { recursive: true });
    // The lock is for Maven's sake too: its local repository does not stand two first downloads at once.
    await withLock(`${home}.lock`, async () => {
      if (!existsSync(home)) await download(jars, home);
    });
  }
  return { java: javaCommand(), classPath: join(home, 'libs', '*'), logConfig: join(home, 'log4j2.xml') };
}

async function download(jars: JarSet, home: string): Promise<void> {
  process.stderr.write(`Fetching ${jars.about} from Maven Central to ${home} ...\n`);
  const temporary = await mkdtemp(`${home}.partial-`);
  try {
    const pomFile = join(temporary, 'pom.xml');
    await writeFile(pomFile, pom(jars));
    await writeFile(join(temporary, 'log4j2.xml'), log4j2);
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime'];
    const output = `-DoutputDirectory=${join(temporary, 'libs')}`;
    const maven = await run('mvn', ['-q', '-B', '-f', pomFile, ...goal, output], downloadTimeoutMs);
    if (maven.code !== 0) {
      const why = tellingLine(`${maven.stdout}\n${maven.stderr}`);
      throw new HarnessError('download', `Maven could not fetch ${jars.about}; is the network there? ${why}`);
    }
    await rename(temporary, home).catch((error: unknown) => {
      if (!existsSync(home)) throw error; // else another process was first, with the same jars
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function homeDir({ name }: JarSet): string {
  return join(cacheDir(), name);
}

export function javaCommand(): string {
  const { JAVA_HOME: home } = process.env;
  return home ? join(home, 'bin', 'java') : 'java';
}

const pom = ({ dependencies }: JarSet): string => `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>kafka-rx</groupId><artifactId>real-kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
${dependencies
  .map(
    ([g, a, v]) =>
      `    <dependency><groupId>${g}</groupId><artifactId>${a}</artifactId><version>${v}</version></dependency>`,
  )
  .join('\n')}
  </dependencies>
</project>
`;

const log4j2 = `<Configuration status="ERROR">
  <Appenders>
    <Console name="stderr" target="SYSTEM_ERR"><PatternLayout pattern="%d{ISO8601} %p %c{1}: %m%n"/></Console>
  </Appenders>
  <Loggers>
    <Root level="\${sys:kafka.rx.log:-WARN}"><AppenderRef ref="stderr"/></Root>
    <Logger name="state.change.logger" level="WARN"/>
  </Loggers>
</Configuration>
`;
