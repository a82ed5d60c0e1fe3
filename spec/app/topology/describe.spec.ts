import { memoryStore, string } from 'kafka-rx';
import { branch, mapValue, mergeNamed, through } from 'kafka-rx/operators';
import { testApp } from 'kafka-rx/testing';
import { filter, map, merge, share } from 'rxjs';
import { purchases } from '../../../demos/purchases/topology.js';
import { Members } from '../members.js';

const value = string;

describe('describe', () => {
  test('gives the purchase topology as text, node by node', async () => {
    const { app } = await testApp(app => purchases(app, memoryStore('history')));
    expect(app.describe().text()).toBe(
      [
        'source   transactions -> mask(cardNumber)',
        'operator mask(cardNumber) -> project(toPurchasePattern), project(toReward), purchases, history',
        'operator project(toPurchasePattern) -> patterns',
        'sink     patterns',
        'operator project(toReward) -> rewards',
        'sink     rewards',
        'sink     purchases',
        'sink     history',
      ].join('\n'),
    );
  });

  test('gives the purchase topology as a Mermaid flowchart', async () => {
    const { app } = await testApp(app => purchases(app, memoryStore('history')));
    expect(app.describe().mermaid()).toBe(
      [
        'flowchart LR',
        '  n0[("transactions")]',
        '  n1["mask(cardNumber)"]',
        '  n2["project(toPurchasePattern)"]',
        '  n3[/"patterns"/]',
        '  n4["project(toReward)"]',
        '  n5[/"rewards"/]',
        '  n6[/"purchases"/]',
        '  n7[/"history"/]',
        '  n0 --> n1',
        '  n1 --> n2',
        '  n2 --> n3',
        '  n1 --> n4',
        '  n4 --> n5',
        '  n1 --> n6',
        '  n1 --> n7',
      ].join('\n'),
    );
  });

  test('gives nodes and edges as data, with topics and what is masked', async () => {
    const { app } = await testApp(app => purchases(app, memoryStore('history')));
    const { nodes, edges } = app.describe();
    expect(nodes[0]).toEqual({
      id: 'transactions',
      kind: 'source',
      name: 'transactions',
      topics: ['transactions'],
      masks: [],
    });
    expect(nodes[1]).toMatchObject({ kind: 'operator', topics: [], masks: ['cardNumber'] });
    expect(edges).toContainEqual({ from: 'mask(cardNumber)', to: 'history', observed: false });
    expect(edges.every(edge => !edge.observed)).toBe(true);
  });

  const wired = (topology: Parameters<Members['start']>[0]) =>
    new Members({ in: 1, a: 1, b: 1, out: 1 }).start(topology);

  test('sees through map, filter and share', () => {
    const { app } = wired(app =>
      app
        .topic('in', { value })
        .pipe(
          filter(record => record.offset > 0),
          map(record => record.withValue('x')),
          share(),
          filter(() => true),
        )
        .subscribe(app.to('out', { value })),
    );
    expect(app.describe().text()).toBe('source   in -> out\nsink     out');
  });

  test('learns the edges through a plain merge from the records that come through, all of them', async () => {
    const members = new Members({ a: 1, b: 1, out: 1 });
    const { app } = members.start(app =>
      merge(app.topic('a', { value }), app.topic('b', { value })).subscribe(app.to('out', { value })),
    );
    await members.settle();
    expect(app.describe().edges).toEqual([]);
    members.publish('a', '1', '2');
    await members.settle();
    expect(app.describe().edges).toEqual([{ from: 'a', to: 'out', observed: true }]);
    members.publish('b', '3');
    await members.settle();
    expect(app.describe().text()).toBe(
      'source   a -> out (observed)\nsource   b -> out (observed)\nsink     out',
    );
    expect(app.describe().mermaid()).toContain('n0 -.-> n2\n  n1 -.-> n2');
  });

  test('observes no edge where the wiring shows the way, nor one from a view that goes elsewhere', async () => {
    const members = new Members({ in: 1, a: 1, b: 1 });
    const { app } = members.start(app => {
      app
        .topic('in', { value })
        .pipe(mapValue(text => text, { name: 'same' }))
        .subscribe(app.to('a', { value }));
      app.topic(/in/, { value }).subscribe(app.to('b', { value }));
    });
    members.publish('in', '1');
    await members.settle();
    expect(app.describe().edges).toEqual([
      { from: 'in', to: 'same', observed: false },
      { from: 'same', to: 'a', observed: false },
      { from: '/in/', to: 'b', observed: false },
    ]);
  });

  test('shows mergeNamed, branch and through as nodes of their own', () => {
    const { app } = wired(app => {
      const both = mergeNamed('both', app.topic('a', { value }), app.topic('b', { value }));
      const { big, otherwise } = branch(both, { big: text => text.length > 3 });
      big.pipe(through(app.store(memoryStore<string>('history')))).subscribe(app.to('out', { value }));
      otherwise.subscribe(app.each(function rest() {}));
    });
    expect(app.describe().text()).toBe(
      [
        'source   a -> both',
        'source   b -> both',
        'operator both -> branch(big)',
        'operator branch(big) -> through(history), rest',
        'sink     history',
        'operator through(history) -> history, out',
        'sink     out',
        'sink     rest',
      ].join('\n'),
    );
  });

  test('numbers names that occur again, so that each id is unique', () => {
    const { app } = wired(app => {
      const again = mapValue<Buffer | null, string, string>(text => text, { name: 'in' });
      app.topic('in', { value }).pipe(again, again).subscribe(app.to('in', { value }));
      app.topic('in', { value }).subscribe(app.to('in', { value, name: 'named' }));
    });
    const ids = app.describe().nodes.map(({ id }) => id);
    expect(ids).toEqual(['in', 'in #2', 'in #3', 'in #4', 'in #5', 'named']);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('quotes in names do not break the flowchart', () => {
    const { app } = wired(app =>
      app
        .topic('in', { value })
        .pipe(mapValue(text => text, { name: 'say "hi"' }))
        .subscribe(app.to('out', { value })),
    );
    expect(app.describe().mermaid()).toContain('["say #quot;hi#quot;"]');
  });
});
