import { number } from '../../lib/codecs/number.js';
import { marbles, testApp, testRecord } from '../../lib/testing/index.js';
import { project } from '../../operators/project.js';
import { synchronousContract } from './synchronous-contract.js';

const cause = new Error('secret');

describe('project', () => {
  synchronousContract<number>({
    operator: options =>
      project(function toReward(points) {
        if (points < 0) throw cause;
        return { points };
      }, options),
    name: 'project(toReward)',
    good: 1,
    bad: -987_654,
    cause,
  });

  test('only what the view names goes on', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const source = hot('--a--|', {
        a: testRecord({ key: 'k', value: { id: 'i', secret: 's' }, offset: 3 }),
      });
      const result = '    --b--|';
      expectObservable(source.pipe(project(({ id }) => ({ id })))).toBe(result, {
        b: testRecord({ key: 'k', value: { id: 'i' }, offset: 3 }),
      });
    }));

  test('is a node of its own, named after its view', async () => {
    const toPattern = (value: number) => value;
    const t = await testApp(app => {
      app
        .topic('in', { value: number })
        .pipe(project(toPattern))
        .subscribe(app.to('out', { value: number }));
    });
    expect(t.app.describe().text()).toContain('in -> project(toPattern)');
    await t.stop();
  });
});
