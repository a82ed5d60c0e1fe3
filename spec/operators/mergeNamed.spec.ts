import { merge, mergeMap, of, take } from 'rxjs';
import { number } from '../../lib/codecs/number.js';
import { deliver, marbles, testApp } from '../../lib/testing/index.js';
import { mergeNamed } from '../../operators/mergeNamed.js';
import { coordinates, numbered } from './numbered.js';

const records = numbered(1, 2, 3, 4);

describe('mergeNamed', () => {
  test('hands on the records of all sources as they come, and completes with the last', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions }) => {
      const first = hot('   --a-----c--|   ', records);
      const second = hot('  ----b-------d--|', records);
      const result = '      --a-b---c---d--|';
      expectObservable(mergeNamed('all', first, second)).toBe(result, records);
      expectSubscriptions(first.subscriptions).toBe('^----------!');
      expectSubscriptions(second.subscriptions).toBe('^--------------!');
    }));

  test('the first error ends all subscriptions', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions }) => {
      const first = hot('   --a--#  ', records, 'broken');
      const second = hot('  ----b--c', records);
      const subscription = '^----!  ';
      const result = '      --a-b#  ';
      expectObservable(mergeNamed('all', first, second)).toBe(result, records, 'broken');
      expectSubscriptions(first.subscriptions).toBe(subscription);
      expectSubscriptions(second.subscriptions).toBe(subscription);
    }));

  test('unsubscribing ends all subscriptions, and is no break in the chain', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions }) => {
      const first = hot('   --a-----c--|', records);
      const second = hot('  ----b------|', records);
      const subscription = '^---!       ';
      const result = '      --a-(b|)    ';
      const chained = mergeNamed('all', first, second.pipe(mergeMap(record => of(record)))).pipe(take(2));
      expectObservable(chained).toBe(result, records);
      expectSubscriptions(first.subscriptions).toBe(subscription);
      expectSubscriptions(second.subscriptions).toBe(subscription);
    }));

  test('of nothing, it completes at once', () =>
    marbles(expect)(({ expectObservable }) => {
      expectObservable(mergeNamed('none')).toBe('|');
    }));

  test('holds nothing', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const delivered = deliver(hot('--a--b|', records));
      const settled = '              --a--b-';
      expectObservable(mergeNamed('all', delivered.records$)).toBe('--a--b|', records);
      expectObservable(delivered.settled$).toBe(settled, coordinates);
    }));

  test('is a node that shows what flows into it, where plain merge hides it until a record has passed', async () => {
    const t = await testApp(app => {
      const online = app.topic('online', { value: number });
      const stores = app.topic('stores', { value: number });
      mergeNamed('all', online, stores).subscribe(app.to('named', { value: number }));
      merge(online, stores).subscribe(app.to('plain', { value: number }));
    });
    const arrows = () =>
      t.app.describe().edges.map(({ from, to, observed }) => `${from}>${to}${observed ? '?' : ''}`);
    expect(arrows().sort()).toEqual(['all>named', 'online>all', 'stores>all']);
    t.pipeIn('online', [{ value: '1' }]);
    t.pipeIn('stores', [{ value: '2' }]);
    expect(arrows()).toContain('online>plain?');
    expect(t.read('named', { value: number })).toMatchObject([{ value: 1 }, { value: 2 }]);
    await t.stop();
    expect([t.committed('online'), t.committed('stores')]).toEqual([[1], [1]]);
  });
});
