import * as t from 'io-ts';
import { json } from '../../../lib/index.js';
import { type SimulateOptions, simulate } from '../../../lib/testing/index.js';

const orders = Array.from({ length: 10 }, (_, id) => ({ key: `c${id % 3}`, value: { id } }));
const passing = { value: json(t.strict({ id: t.number })) };

test('a topology that loses nothing passes under every fault', async () => {
  const report = await simulate(app => app.topic('in', passing).subscribe(app.to('out', passing)), {
    inputs: { in: orders },
    seeds: 20,
    invariant: view => {
      const ids = new Set(view.records('out').map(({ value }) => JSON.parse(String(value)).id));
      return ids.size === orders.length ? undefined : `${orders.length - ids.size} orders were lost`;
    },
  });
  expect(report.seeds).toBe(20);
  expect(report.marks.get('crash')).toBeGreaterThan(0);
});

test('a side effect that is not idempotent is found, with a way to have the run again', async () => {
  let paid: number[] = [];
  const options: SimulateOptions = {
    inputs: { in: orders },
    reset: () => {
      paid = [];
    },
    invariant: () => {
      const twice = paid.find((id, at) => paid.indexOf(id) !== at);
      return twice === undefined ? undefined : `order ${twice} was paid twice`;
    },
  };
  const found = await simulate(
    app => app.topic('in', passing).subscribe(app.each(({ value }) => void paid.push(value.id))),
    options,
  ).catch((error: unknown) => error);
  expect(found).toMatchObject({
    code: 'SIMULATION',
    message: expect.stringMatching(/^Seed \d+ broke 'at rest': order \d was paid twice/),
  });
  const seed = Number(/^Seed (\d+)/.exec(String((found as Error).message))?.[1]);
  const again = await simulate(
    app => app.topic('in', passing).subscribe(app.each(({ value }) => void paid.push(value.id))),
    { ...options, seeds: [seed] },
  ).catch((error: unknown) => error);
  expect(String((again as Error).message)).toBe(String((found as Error).message));
});
