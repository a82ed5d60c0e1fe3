import { type App, type AppOptions, silentLogger, string } from 'kafka-rx';
import { mapValue } from 'kafka-rx/operators';
import { testApp } from 'kafka-rx/testing';
import type { LogFields } from '../../../lib/logging/logger.js';

const value = string;

function topology(app: App): void {
  app
    .topic('in', { value })
    .pipe(
      mapValue(
        text => {
          if (text.startsWith('bad')) throw new Error(text);
          return text;
        },
        { name: 'check' },
      ),
    )
    .subscribe(app.to('out', { value }));
}

async function start(process: 'skip' | 'dead-letter', options: Partial<AppOptions> = {}) {
  const lines: { readonly fields: LogFields; readonly message: string }[] = [];
  const logger = {
    ...silentLogger,
    warn: (fields: LogFields, message: string) => lines.push({ fields, message }),
  };
  const t = await testApp(topology, {
    policies: { process },
    deadLetters: { topic: 'dead', limit: 'none' },
    logger,
    ...options,
  });
  const fail = (count: number) =>
    t.pipeIn(
      'in',
      Array.from({ length: count }, () => ({ value: 'bad secret' })),
    );
  return { t, lines, fail, told: () => lines.map(({ fields }) => [fields['offset'], fields['records']]) };
}

describe.each([
  ['skip', "a record was skipped at 'check' with PROCESS"],
  ['dead-letter', "a record was set aside as dead letters at 'check' with PROCESS"],
] as const)('what the policy %s drops', (policy, message) => {
  test('is told in the log at once, then at most once in ten seconds with the number since', async () => {
    const { t, lines, fail, told } = await start(policy);
    fail(100);
    const fields = { node: 'check', stage: 'process', code: 'PROCESS', policy, topic: 'in', partition: 0 };
    expect(lines).toEqual([{ fields: { ...fields, offset: 0, records: 1 }, message }]);
    await t.advance(9_000);
    expect(lines).toHaveLength(1);
    await t.advance(2_000);
    expect(told()).toEqual([
      [0, 1],
      [99, 99],
    ]);
    // Quiet for long, it is a first one again.
    await t.advance(60_000);
    expect(lines).toHaveLength(2);
    fail(1);
    expect(told().at(-1)).toEqual([100, 1]);
    expect(JSON.stringify(lines)).not.toContain('secret');
    await t.stop();
    expect(lines).toHaveLength(3);
  });

  test('and was not told when the app stops is told then', async () => {
    const { t, fail, told } = await start(policy);
    fail(5);
    await t.stop();
    expect(told()).toEqual([
      [0, 1],
      [4, 4],
    ]);
  });
});
