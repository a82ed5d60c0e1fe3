/** Partitions that an input of a state gains while the app runs would put keys where nothing is kept of them. */
import { number, string } from 'kafka-rx';
import { mergeNamed } from 'kafka-rx/operators';
import { count, repartition } from 'kafka-rx/state';
import type { App } from '../../../lib/app/interface.js';
import { Members } from '../members.js';

const texts = { key: string, value: string };
const counts = { key: string, value: number };

const direct = (app: App): void =>
  void app
    .topic('in', texts)
    .pipe(count(app.state('counts', counts)))
    .subscribe(app.to('out', counts));

const around = (app: App): void =>
  void app
    .topic('in', texts)
    .pipe(
      repartition(app.internal('by-value', texts), value => value),
      count(app.state('counts', counts)),
    )
    .subscribe(app.to('out', counts));

const results = (all: Members) => all.broker.records('out').map(({ key, value }) => `${key}${value}`);

describe.each(['at-least-once', 'exactly-once'] as const)('%s', guarantee => {
  async function grown(topology: (app: App) => void) {
    const all = new Members({ in: 2, other: 2, out: 1 });
    const member = all.start(topology, { guarantee, discoveryMs: 1_000 });
    await all.pass(1_000);
    all.broker.publish('in', [{ key: 'a', value: 'x', partition: 0 }]);
    await all.pass(1_000);
    all.broker.addPartitions('in', 3);
    all.broker.publish('in', [{ key: 'a', value: 'x', partition: 2 }]);
    await all.pass(20_000);
    return { all, member };
  }

  test('the app fails by name, before anything of the new one is counted', async () => {
    const { all, member } = await grown(direct);
    expect(member.outcome).toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining("'in' has 3"),
      remedy: expect.stringContaining('internal topic'),
    });
    expect(results(all)).toEqual(['a1']);
  });

  test('one of two inputs of a state that gains some fails it too', async () => {
    const { all, member } = await grown(
      app =>
        void mergeNamed('both', app.topic('in', texts), app.topic('other', texts))
          .pipe(count(app.state('counts', counts)))
          .subscribe(app.to('out', counts)),
    );
    expect(member.outcome).toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining('in has 3, other has 2'),
    });
    expect(results(all)).toEqual(['a1']);
  });

  test('behind an internal topic, which keeps its number, the new ones are counted too', async () => {
    const { all, member } = await grown(around);
    expect([member.outcome, results(all)]).toEqual(['running', ['x1', 'x2']]);
    await all.stop(member);
  });
});
