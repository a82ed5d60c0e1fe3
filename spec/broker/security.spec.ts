/** TLS and SASL against a real broker: what is let in, and what each refusal says, how soon and how often. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp, type KafkaRxError, type Logger, string } from 'kafka-rx';
import { type KafkajsOptions, kafkajs, type Sasl } from 'kafka-rx/kafkajs';
import { quietContext } from '../drivers/quiet-context.js';
import { type Certificates, makeCertificates } from '../kafka/certificates.js';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { missingPrerequisites } from '../kafka/provision.js';
import { consoleProducer } from '../kafka/tools.js';

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`TLS and SASL are not tested. ${missing}\n`);

const password = 'correct-horse';
const wrong = 'battery-staple';
const connectTimeoutMs = 5_000;

const modules = 'org.apache.kafka.common.security';
const properties = (listener: string): Record<string, string> => ({
  [`listener.name.${listener}.sasl.enabled.mechanisms`]: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
  [`listener.name.${listener}.plain.sasl.jaas.config`]: `${modules}.plain.PlainLoginModule required user_alice="${password}";`,
  [`listener.name.${listener}.scram-sha-256.sasl.jaas.config`]: `${modules}.scram.ScramLoginModule required;`,
  [`listener.name.${listener}.scram-sha-512.sasl.jaas.config`]: `${modules}.scram.ScramLoginModule required;`,
  [`listener.name.${listener}.oauthbearer.sasl.jaas.config`]: `${modules}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="alice";`,
});
const keystore = (listener: string, file: string): Record<string, string> => ({
  [`listener.name.${listener}.ssl.keystore.type`]: 'PEM',
  [`listener.name.${listener}.ssl.keystore.location`]: file,
});

/** An unsigned JWT, such as Kafka's own validator for tests takes. */
function token(): string {
  const part = (claims: object): string => Buffer.from(JSON.stringify(claims)).toString('base64url');
  const now = Math.floor(Date.now() / 1_000);
  return `${part({ alg: 'none' })}.${part({ sub: 'alice', iat: now, exp: now + 600 })}.`;
}

(missing === undefined ? describe : describe.skip)('TLS and SASL', () => {
  let folder: string;
  let certificates: Certificates;
  let cluster: KafkaCluster;
  let groups = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kafka-rx-security-'));
    certificates = await makeCertificates(folder);
    cluster = await startCluster({
      listeners: [
        { name: 'SECURE', protocol: 'SASL_SSL' },
        { name: 'OPEN', protocol: 'SASL_PLAINTEXT' },
        { name: 'EXPIRED', protocol: 'SSL' },
      ],
      properties: {
        ...properties('secure'),
        ...properties('open'),
        ...keystore('secure', certificates.valid),
        ...keystore('expired', certificates.expired),
      },
      scramUsers: [{ name: 'alice', password }],
    });
    await publishOne();
  });
  afterAll(async () => {
    await cluster?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const publishOne = async (): Promise<void> => {
    const context = quietContext('security');
    const connection = await kafkajs({ brokers: cluster.brokers }).connect(context);
    await connection.admin.createTopics([{ name: 'in', partitions: 1 }]);
    await connection.close();
    await consoleProducer(cluster.brokers, 'in', [{ key: 'k', value: 'v' }]);
  };

  const address = (listener: 'SECURE' | 'OPEN' | 'EXPIRED'): string =>
    cluster.nodes[0]?.addresses.extra[listener] ?? '';

  /** Runs an app until it has the record or fails. */
  const outcome = async (options: KafkajsOptions) => {
    const lines: string[] = [];
    const note = (level: string) => (fields: object, message: string) =>
      void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
    const logger: Logger = {
      debug: note('debug'),
      info: note('info'),
      warn: note('warn'),
      error: note('error'),
    };
    const app = createApp({
      groupId: `security-${groups++}`,
      driver: kafkajs(options),
      logger,
      connectTimeoutMs,
    });
    const seen: string[] = [];
    app.topic('in', { value: string }).subscribe(
      app.each(({ value }) => {
        seen.push(value);
        void app.stop();
      }),
    );
    const from = performance.now();
    const error = await app.run().then(
      () => undefined,
      (reason: KafkaRxError) => reason,
    );
    // Those of kafkajs have no option: of a coordinator that is not there yet, for one.
    const warnings = lines.filter(line => line.startsWith('warn') && line.includes('"option"'));
    return { seen, error, lines, warnings, elapsedMs: performance.now() - from };
  };

  const secure = (sasl: Sasl): KafkajsOptions => ({
    brokers: [address('SECURE')],
    ssl: { ca: { file: certificates.authority } },
    sasl,
  });

  test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
    '%s over TLS: let in with the password from a file, refused with a wrong one by one clear error',
    async mechanism => {
      const file = join(folder, 'password');
      await writeFile(file, `${password}\n`);
      const username = () => 'alice';
      const good = await outcome(secure({ mechanism, username, password: { file } }));
      expect(good.error).toBeUndefined();
      expect(good.seen).toEqual(['v']);
      expect(good.warnings).toEqual([]);

      const bad = await outcome(secure({ mechanism, username: 'alice', password: wrong }));
      expect(bad.error).toMatchObject({ code: 'DRIVER', retriable: false });
      expect(bad.error?.message).toContain(`Kafka at ${address('SECURE')} refused the credentials`);
      expect(bad.error?.message).toContain('Check `sasl`');
      expect(bad.elapsedMs).toBeLessThan(5_000);
      for (const line of [...good.lines, ...bad.lines, String(bad.error), String(bad.error?.stack)]) {
        expect(line).not.toContain(password);
        expect(line).not.toContain(wrong);
      }
    },
  );

  test('a token is taken by OAUTHBEARER', async () => {
    const oauthBearerProvider = async () => ({ value: token() });
    const { error, seen } = await outcome(secure({ mechanism: 'oauthbearer', oauthBearerProvider }));
    expect(error).toBeUndefined();
    expect(seen).toEqual(['v']);
  });

  test('PLAIN without TLS, and TLS that believes anyone, work with a warning each', async () => {
    const sasl = { mechanism: 'plain', username: 'alice', password } as const;
    const plain = await outcome({ brokers: [address('OPEN')], sasl });
    expect(plain.seen).toEqual(['v']);
    expect(plain.warnings.join()).toContain('PLAIN without TLS');
    const anyone = await outcome({ brokers: [address('EXPIRED')], ssl: { rejectUnauthorized: false } });
    expect(anyone.seen).toEqual(['v']);
    expect(anyone.warnings.join()).toContain('rejectUnauthorized');
  });

  test.each([
    ['an expired certificate', 'EXPIRED', true, 'CERT_HAS_EXPIRED', 'Renew'],
    ['an authority that is not known', 'SECURE', false, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', '`ssl.ca`'],
  ] as const)('%s is one clear error within seconds', async (_, listener, known, code, remedy) => {
    const ssl = known ? { ca: { file: certificates.authority } } : true;
    const { error, elapsedMs } = await outcome({ brokers: [address(listener)], ssl });
    expect(error).toMatchObject({ code: 'DRIVER', retriable: false });
    expect(error?.message).toContain(`No TLS connection to Kafka at ${address(listener)}: ${code}`);
    expect(error?.message).toContain(remedy);
    expect(elapsedMs).toBeLessThan(8_000);
  });

  test('a port of another protocol is one clear error within the time for connecting', async () => {
    const [plain = ''] = cluster.brokers;
    for (const options of [{ brokers: [plain], ssl: true }, { brokers: [address('EXPIRED')] }]) {
      const { error, elapsedMs } = await outcome({ ...options, connectTimeoutMs: 2_000 });
      expect(error).toMatchObject({ code: 'UNREACHABLE' });
      expect(error?.message).toContain(options.brokers.join());
      expect(error?.message).toContain('TLS');
      expect(elapsedMs).toBeLessThan(connectTimeoutMs + 3_000);
    }
  });
});
