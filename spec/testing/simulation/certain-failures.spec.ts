import * as t from 'io-ts';
import { json, string } from '../../../lib/index.js';
import { type SimulatedTopology, simulate } from '../../../lib/testing/index.js';
import { mapValue } from '../../../operators/mapValue.js';

const orders = [1, 2, 3, 4, 5, 6].map(id => ({ key: `c${id % 3}`, value: `order ${id}` }));

const failing: Readonly<Record<string, SimulatedTopology>> = {
  'a function that throws': app => {
    const broken = (): never => {
      throw new TypeError('secret');
    };
    app.topic('in', { value: string }).subscribe(app.each(broken));
  },
  'an operator that throws at one record': app => {
    app
      .topic('in', { value: string })
      .pipe(
        mapValue(value => {
          if (value.endsWith('4')) throw new TypeError('secret');
          return value;
        }),
      )
      .subscribe(app.to('out', { value: string }));
  },
  'a codec that refuses all': app => {
    app.topic('in', { value: json(t.number) }).subscribe(app.each(() => {}));
  },
};

describe('what fails at the same record whatever happens ends the run with its error, within seconds', () => {
  test.each(Object.entries(failing))('%s', async (_what, topology) => {
    const began = process.cpuUsage();
    const error = await simulate(topology, { inputs: { in: orders }, seeds: 2 }).catch(
      (thrown: unknown) => thrown,
    );
    const { user, system } = process.cpuUsage(began);
    expect(error).toMatchObject({
      code: 'SIMULATION',
      message: expect.stringMatching(
        /^Seed 1 broke 'no app fails without a fault': p\d: KafkaRxError: .*offset \d/,
      ),
    });
    expect((user + system) / 1e6).toBeLessThan(5);
  });
});

test('what fails a few times, and then no more, is no such thing', async () => {
  let tries = 0;
  const report = await simulate(
    app => {
      const settling = (): void => {
        if (++tries < 8) throw new TypeError('secret');
      };
      app.topic('in', { value: string }).subscribe(app.each(settling));
    },
    {
      inputs: { in: orders },
      seeds: 3,
      reset: () => {
        tries = 0;
      },
    },
  );
  expect(report.seeds).toBe(3);
});
