import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type InputRecord, inputRecords } from '../../../demos/purchases/input.js';
import { UnreadableFileError } from '../../../demos/purchases/lines.js';

describe('the records of an input file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kafka-rx-input-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  async function recordsOf(content: string | Buffer): Promise<readonly InputRecord[]> {
    const file = join(folder, 'input.jsonl');
    writeFileSync(file, content);
    const records: InputRecord[] = [];
    for await (const record of inputRecords(file)) records.push(record);
    return records;
  }

  async function textsOf(content: string): Promise<readonly (readonly [string | null, string])[]> {
    return (await recordsOf(content)).map(({ key, value }) => [key, value.toString()]);
  }

  it('are keyed by customer, in the order of the lines', async () => {
    expect(await textsOf('{"customerId":"b"}\n{"customerId":"a","x":1}\n')).toEqual([
      ['b', '{"customerId":"b"}'],
      ['a', '{"customerId":"a","x":1}'],
    ]);
  });

  it('skip blank lines, and take CRLF, a byte order mark and a last line without end', async () => {
    expect(await textsOf('\ufeff{"customerId":"a"}\r\n\r\n \t\n{"customerId":"b"}')).toEqual([
      ['a', '{"customerId":"a"}'],
      ['b', '{"customerId":"b"}'],
    ]);
  });

  it.each([
    'not json',
    '{"customerId":"a"',
    '[1]',
    '"text"',
    'null',
    '{"customerId":7}',
    '{"__proto__":{"customerId":"a"}}',
    '{}',
  ])('pass %s on as it stands, without a key', async line => {
    expect(await textsOf(`${line}\n`)).toEqual([[null, line]]);
  });

  it('pass bytes that are no UTF-8 on as they stand', async () => {
    const bytes = Buffer.from([0x7b, 0xff, 0xfe, 0x80]);
    expect((await recordsOf(Buffer.concat([bytes, Buffer.from('\n')])))[0]?.value.equals(bytes)).toBe(true);
  });

  it('are whole when a line is longer than a chunk, and when chunks end anywhere', async () => {
    const lines = Array.from({ length: 400 }, (_, i) =>
      JSON.stringify({ customerId: `${i}`, item: 'é'.repeat(i * 7) }),
    );
    lines.push(JSON.stringify({ customerId: 'long', item: 'x'.repeat(1_000_000) }));
    expect(await textsOf(lines.join('\n'))).toEqual(
      lines.map((line, i) => [i === 400 ? 'long' : `${i}`, line]),
    );
  });

  it('leave out a line that is more than a topic takes, and tell which and how long', async () => {
    const file = join(folder, 'long.jsonl');
    const told: string[] = [];
    const keyed = (customerId: string, bytes: number): string => {
      const line = JSON.stringify({ customerId, x: '' });
      return line.replace('""', `"${'x'.repeat(bytes - Buffer.byteLength(customerId) - line.length)}"`);
    };
    // In the middle, at the end, over several chunks, with CRLF; key and value together, to the byte.
    writeFileSync(
      file,
      [
        '',
        keyed('a', 1_000),
        keyed('b', 1_001),
        `${'y'.repeat(300_000)}\r`,
        'z'.repeat(1_000),
        'w'.repeat(1_001),
      ].join('\n'),
    );
    const kept: (string | null)[] = [];
    for await (const { key, value } of inputRecords(file, 1_000, (line, bytes) =>
      told.push(`${line}: ${bytes}`),
    )) {
      kept.push(key ?? value.toString().slice(0, 1));
    }
    expect(kept).toEqual(['a', 'z']);
    expect(told).toEqual(['3: 1001', '4: 300001', '6: 1001']);
  });

  it('of an empty file are none', async () => {
    expect(await textsOf('')).toEqual([]);
    expect(await textsOf('\ufeff')).toEqual([]);
  });

  it.each([
    [() => join(folder, 'missing.jsonl'), 'there is no such file'],
    [() => folder, 'it is a folder'],
  ])('tell in one line which file cannot be read and why', async (file, reason) => {
    const reading = inputRecords(file()).next();
    await expect(reading).rejects.toThrow(UnreadableFileError);
    await expect(inputRecords(file()).next()).rejects.toThrow(`Cannot read ${file()}: ${reason}`);
  });

  it("leave a consumer's own failure as it is", async () => {
    const failure = new Error('mine');
    writeFileSync(join(folder, 'two.jsonl'), '{}\n{}\n');
    const consume = async (): Promise<void> => {
      for await (const _ of inputRecords(join(folder, 'two.jsonl'))) throw failure;
    };
    await expect(consume()).rejects.toBe(failure);
  });
});
