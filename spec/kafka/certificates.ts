/** Certificates for the brokers of a test, made by openssl: an authority, and what it signed. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HarnessError } from './harness-error.js';
import { run, tellingLine } from './run.js';

const timeoutMs = 30_000;

export interface Certificates {
  /** The authority's certificate, PEM. */
  readonly authority: string;
  /** Files of key and certificate, as Kafka reads them with `ssl.keystore.type=PEM`; for 127.0.0.1. */
  readonly valid: string;
  readonly expired: string;
}

export async function makeCertificates(folder: string): Promise<Certificates> {
  const file = (name: string): string => join(folder, name);
  const authority = file('authority.pem');
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl(
    'req',
    '-x509',
    ...fresh,
    '-keyout',
    file('authority.key'),
    '-out',
    authority,
    '-subj',
    '/CN=test',
  );
  await writeFile(file('names'), 'subjectAltName=IP:127.0.0.1\n');
  const sign = async (name: string, days: number): Promise<string> => {
    await openssl(
      'req',
      ...fresh,
      '-keyout',
      file(`${name}.key`),
      '-out',
      file(`${name}.csr`),
      '-subj',
      `/CN=${name}`,
    );
    await openssl(
      ...['x509', '-req', '-in', file(`${name}.csr`), '-out', file(`${name}.crt`), '-days', String(days)],
      ...['-CA', authority, '-CAkey', file('authority.key'), '-CAcreateserial', '-extfile', file('names')],
    );
    const parts = [`${name}.key`, `${name}.crt`].map(part => readFile(file(part), 'utf8'));
    await writeFile(file(`${name}.pem`), (await Promise.all(parts)).join(''));
    return file(`${name}.pem`);
  };
  const [valid, expired] = [await sign('valid', 2), await sign('expired', -1)];
  return { authority, valid, expired };
}

async function openssl(...args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await run('openssl', args, timeoutMs);
  if (code !== 0)
    throw new HarnessError('tool', `openssl failed; is it installed? ${tellingLine(`${stderr}\n${stdout}`)}`);
}
