/** Whoever changes a kept value in place, as `list.push(record)` does, is told in a test; and where nobody can tell, changes nothing that was committed. */
import * as t from 'io-ts';
import { type Codec, json, string } from 'kafka-rx';
import { aggregate } from 'kafka-rx/state';
import { testApp } from 'kafka-rx/testing';

const texts = { key: string, value: string };
const put = (values: string) => [...values].map(value => ({ key: 'a', value }));

test('a plain value that was handed on is frozen: changing it is a problem of the record, by name', async () => {
  const list = json(t.array(t.string));
  const tested = await testApp(app => {
    app
      .topic('in', texts)
      .pipe(
        aggregate(app.state('lists', { key: string, value: list }), {
          initial: (): string[] => [],
          add(values, value: string) {
            values.push(value);
            return values;
          },
        }),
      )
      .subscribe(app.to('out', { key: string, value: list }));
  });
  const piped = async () => {
    tested.pipeIn('in', put('ab'));
    await tested.idle();
  };
  await expect(piped()).rejects.toMatchObject({
    code: 'PROCESS',
    message: expect.stringContaining("'aggregate(lists)' threw TypeError"),
    at: { topic: 'in', partition: 0, offset: 1 },
  });
});

/** What nobody freezes. */
class Basket {
  constructor(readonly items: string[]) {}
}

const basket: Codec<Basket> = {
  name: 'basket',
  encode: ({ items }) => Buffer.from(items.join(' ')),
  decode: bytes => new Basket(`${bytes}`.split(' ')),
};

test.each(['at-least-once', 'exactly-once'] as const)(
  '%s: a unit that is dropped leaves nothing of an instance that was changed in place',
  async guarantee => {
    const tested = await testApp(
      app => {
        app
          .topic('in', texts)
          .pipe(
            aggregate(app.state('baskets', { key: string, value: basket }), {
              initial: () => new Basket([]),
              add(basket, item: string) {
                basket.items.push(item);
                return basket;
              },
            }),
          )
          .subscribe(app.to('out', { key: string, value: basket }));
      },
      { guarantee, commit: { intervalMs: 100 } },
    );
    const last = () => tested.read('out', { value: string }).at(-1)?.value;
    tested.pipeIn('in', put('ab'));
    await tested.idle();
    for (const items of ['c', 'de']) {
      tested.broker.faults.refuseCommits(1);
      tested.pipeIn('in', put(items));
      for (let i = 0; i < 20; i++) await tested.advance(100);
      await tested.idle();
    }
    expect(last()).toBe('a b c d e');
    await tested.restart();
    tested.pipeIn('in', put('f'));
    await tested.idle();
    expect(last()).toBe('a b c d e f');
    await tested.stop();
  },
);
