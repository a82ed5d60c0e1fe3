import { Closables } from '../../lib/drivers/closables.js';

class Part {
  isClosed = false;
  asked = 0;
  readonly #failure: Error | undefined;

  constructor(failure?: Error) {
    this.#failure = failure;
  }

  async close(): Promise<void> {
    this.asked++;
    if (this.#failure !== undefined) throw this.#failure;
    this.isClosed = true;
  }
}

test('nothing is kept of what was closed before', async () => {
  const parts = new Closables();
  for (let i = 0; i < 1_000; i++) await parts.keep(new Part()).close();
  expect(parts.size).toBe(1);
});

test('all are closed, also where one cannot be, which is told', async () => {
  const all = [new Part(), new Part(new Error('cannot')), new Part()];
  const parts = new Closables();
  for (const part of all) parts.keep(part);
  await expect(parts.close()).rejects.toThrow('cannot');
  expect(all.map(({ asked }) => asked)).toEqual([1, 1, 1]);
});
