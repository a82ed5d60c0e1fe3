import * as t from 'io-ts';
import type { Codec } from '../../lib/codecs/codec.js';
import { json } from '../../lib/codecs/json.js';
import { number } from '../../lib/codecs/number.js';
import { string } from '../../lib/codecs/string.js';
import { isKafkaRxError, type KafkaRxError } from '../../lib/errors/errors.js';
import type { App } from '../../lib/index.js';
import { testApp } from '../../lib/testing/index.js';
import { mapValue } from '../../operators/mapValue.js';

const throwing: Codec<string> = {
  name: 'own',
  decode() {
    throw new TypeError('4111111111111111');
  },
  encode: string.encode,
};

async function failureOf(topology: (app: App) => void, key = 'k'): Promise<KafkaRxError> {
  const app = await testApp(topology);
  try {
    app.pipeIn('in', [{ key, value: 'v' }]);
    await app.stop();
  } catch (error) {
    if (isKafkaRxError(error)) return error;
  }
  throw new Error('nothing failed');
}

describe('an error of a codec says whether it is of the key, at which node, and what to do', () => {
  test.each<[string, (app: App) => void, string, string]>([
    [
      'a key that cannot be encoded',
      app =>
        app
          .topic('in', { value: string })
          .subscribe(app.to('out', { key: number, keyBy: () => Number.NaN, value: string })),
      'ENCODE',
      "'out': of the key, number cannot encode what it was given: it is not a finite number",
    ],
    [
      'a key of JSON, with its path',
      app =>
        app
          .topic('in', { value: string })
          .subscribe(
            app.to('out', { key: json(t.type({ id: t.unknown })), keyBy: () => ({ id: 1n }), value: string }),
          ),
      'ENCODE',
      "'out': of the key, json({ id: unknown }) cannot encode what it was given: id is a bigint",
    ],
    [
      'a value that cannot be encoded',
      app =>
        app
          .topic('in', { value: string })
          .pipe(mapValue(() => ({ rows: [new Map()] })))
          .subscribe(app.to('out', { value: json(t.type({ rows: t.array(t.unknown) })) })),
      'ENCODE',
      'rows.0 is a Map, for which JSON has no form',
    ],
    [
      'a key that cannot be decoded',
      app => app.topic('in', { key: number, value: string }).subscribe(app.each(() => {})),
      'DECODE',
      "'in': of the key, number cannot decode the record: the text is not a decimal number",
    ],
    [
      'a key codec that throws',
      app => app.topic('in', { key: throwing, value: string }).subscribe(app.each(() => {})),
      'DECODE',
      "The key codec of 'in' threw TypeError",
    ],
    [
      'a value codec that throws',
      app => app.topic('in', { value: throwing }).subscribe(app.each(() => {})),
      'DECODE',
      "The value codec of 'in' threw TypeError",
    ],
  ])('%s', async (_, topology, code, message) => {
    const error = await failureOf(topology);
    expect(error).toMatchObject({
      code,
      message: expect.stringContaining(message),
      remedy: expect.any(String),
    });
    expect(error.at).toMatchObject({ topic: 'in', partition: 0, offset: 0 });
    expect(error.message).not.toContain('4111');
  });
});
