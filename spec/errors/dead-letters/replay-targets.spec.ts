/** A dead letter outlives the process and the topology that wrote it: its replay finds the node that failed, or says that it cannot. */
import {
  type App,
  type DeadLetter,
  type Header,
  type ReplayBranch,
  readDeadLetter,
  replayHeaders,
  string,
} from 'kafka-rx';
import {
  batch,
  branch,
  filterValue,
  flatMapValue,
  mapAsync,
  mapKey,
  mapRecord,
  mapValue,
  mask,
  mergeNamed,
  peek,
  project,
  through,
  tokenize,
} from 'kafka-rx/operators';
import { mergeMap, of, share } from 'rxjs';
import { TopologyGraph } from '../../../lib/app/topology/graph.js';
import {
  operatorObservable,
  placed,
  TopologyObservable,
} from '../../../lib/app/topology/topology-observable.js';
import { Members } from '../../app/members.js';
import { scriptedSink } from '../../operators/scripted-sink.js';

const value = string;
const as = (mark: string) => mapValue<Buffer | null, string, string>((text: string) => `${text} ${mark}`);
const fail = (text: string): string => {
  throw new Error(`not ${text.length}`);
};

const topics = ['a', 'b', 'c'] as const;

/** Runs a topology that makes a dead letter of `x`, and then another on what it left. */
async function restarted(before: (app: App) => void, after: (app: App) => void) {
  const members = new Members({ in: 1, a: 1, b: 1, c: 1, dead: 1 });
  const options = {
    policies: { process: 'dead-letter' },
    deadLetters: { topic: 'dead', limit: 'none' },
  } as const;
  const first = members.start(before, options);
  await members.pass(100);
  members.publish('in', 'x');
  await members.pass(100);
  void first.app.stop();
  await members.pass(1_000);
  expect(first.outcome).toBe('done');
  const had = topics.map(topic => members.values(topic).length);
  const second = members.start(after, options);
  await members.pass(100);
  const letters = () => members.broker.records('dead').map(({ headers }) => readDeadLetter(headers));
  const [told] = letters();
  if (told === undefined) throw new Error('no dead letter');
  const publish = async (headers: readonly Header[]): Promise<string[][]> => {
    members.broker.publish('in', [{ value: 'x', headers }]);
    await members.pass(1_000);
    expect([second.outcome, members.committed('in')]).toEqual(['running', [2]]);
    return topics.map((topic, i) => members.values(topic).slice(had[i]));
  };
  /** What each topic has got of the replay. */
  const replay = async (to: ReplayBranch): Promise<string[][]> =>
    publish(replayHeaders([], { topic: 'dead', partition: 0, offset: 0 }, to, told.at));
  return { told, letters, publish, replay };
}

/** As a version wrote it that knew nothing of ways. */
const earlier = ({ app, node }: DeadLetter): ReplayBranch => ({ app, node });

const twoBranches = (app: App): void => {
  const in$ = app.topic('in', { value }).pipe(share());
  in$.pipe(as('1')).subscribe(app.to('a', { value }));
  in$.pipe(mapValue(text => fail(text))).subscribe(app.to('b', { value }));
};

describe('a node is found by the way to it', () => {
  test('where another of its name is wired before it by now', async () => {
    const { told, replay } = await restarted(twoBranches, app => {
      const in$ = app.topic('in', { value }).pipe(share());
      in$.pipe(as('0')).subscribe(app.to('c', { value }));
      in$.pipe(as('1')).subscribe(app.to('a', { value }));
      in$.pipe(as('2')).subscribe(app.to('b', { value }));
    });
    expect(told).toMatchObject({ node: 'mapValue #2', way: 'in -> mapValue => b', alike: 1 });
    expect(await replay(told)).toEqual([[], ['x 2'], []]);
  });

  test('where the branches change places', async () => {
    const { told, replay } = await restarted(twoBranches, app => {
      const in$ = app.topic('in', { value }).pipe(share());
      in$.pipe(as('2')).subscribe(app.to('b', { value }));
      in$.pipe(as('1')).subscribe(app.to('a', { value }));
    });
    expect(await replay(told)).toEqual([[], ['x 2'], []]);
  });

  test('where it has a name of its own, wherever that is wired by now', async () => {
    const { told, replay } = await restarted(
      app => {
        const in$ = app.topic('in', { value }).pipe(share());
        in$.pipe(mapValue(fail, { name: 'rewards' })).subscribe(app.to('a', { value }));
        in$.subscribe(app.to('b', { value }));
      },
      app => {
        const in$ = app.topic('in', { value }).pipe(share());
        in$.subscribe(app.to('b', { value }));
        in$
          .pipe(
            as('0'),
            mapValue(text => text, { name: 'rewards' }),
          )
          .subscribe(app.to('c', { value }));
      },
    );
    expect(await replay(told)).toEqual([[], [], ['x 0']]);
  });

  test('a sink, by its topic', async () => {
    const refuse = { ...value, encode: fail as never };
    const { told, replay } = await restarted(
      app => {
        const in$ = app.topic('in', { value }).pipe(share());
        in$.pipe(as('1')).subscribe(app.to('a', { value: refuse, onEncodeError: 'dead-letter' }));
        in$.subscribe(app.to('b', { value }));
      },
      app => {
        const in$ = app.topic('in', { value }).pipe(share());
        in$.subscribe(app.to('b', { value }));
        in$.pipe(as('0'), as('1')).subscribe(app.to('a', { value }));
      },
    );
    expect(await replay(told)).toEqual([['x 0 1'], [], []]);
  });
});

describe('a record that is replayed for a node that cannot be found goes to no branch, and is a dead letter again', () => {
  const elsewhere = (app: App): void => {
    const in$ = app.topic('in', { value }).pipe(share());
    in$.subscribe(app.to('b', { value }));
    in$.pipe(as('1')).subscribe(app.to('c', { value }));
    in$.pipe(mapValue(text => text, { name: 'rewards' })).subscribe(app.to('a', { value }));
  };

  test('where what has its name by now leads elsewhere; named by hand it goes on', async () => {
    const { told, letters, replay } = await restarted(twoBranches, elsewhere);
    expect(await replay(told)).toEqual([[], [], []]);
    const [, again] = letters();
    expect(again).toMatchObject({
      at: { offset: 1 },
      reason: 'REPLAY_TARGET',
      node: told.node,
      way: told.way,
      app: told.app,
      payload: 'none',
    });
  });

  test('replayed for the name of the right one, it goes there', async () => {
    const { told, replay } = await restarted(twoBranches, elsewhere);
    expect(await replay({ app: told.app, node: 'rewards' })).toEqual([['x'], [], []]);
  });

  test('where the number of an earlier version is all that names it', async () => {
    const { told, letters, publish } = await restarted(twoBranches, elsewhere);
    const headers = replayHeaders(
      [],
      { topic: 'dead', partition: 0, offset: 0 },
      { app: told.app, node: 'y' },
    );
    const numbered = headers.map(header =>
      header.key.endsWith('.node') ? { ...header, value: Buffer.from('mapValue #2') } : header,
    );
    expect(await publish(numbered)).toEqual([[], [], []]);
    expect(letters()).toMatchObject([{}, { reason: 'REPLAY_TARGET', node: 'mapValue #2', way: undefined }]);
  });

  test('and shows nothing of what the header holds', async () => {
    const { told, letters, replay } = await restarted(twoBranches, elsewhere);
    await replay({ app: told.app, node: `4111111111111111${'.'.repeat(5_000)}` });
    expect(letters()[1]?.node).toMatch(/^x{12}1111\.+$/);
    expect(letters()[1]?.node.length).toBeLessThan(1_001);
  });
});

describe('nobody can say which one it is', () => {
  const alike = (named: boolean) => (app: App) => {
    const { big, otherwise } = branch(app.topic('in', { value }), { big: text => text === 'x' });
    const name = (text: string) => (named ? { name: text } : {});
    mergeNamed(
      'both',
      big.pipe(mapValue(fail, name('big'))),
      otherwise.pipe(mapValue(fail, name('small'))),
    ).subscribe(app.to('a', { value }));
  };

  test('of two that are alike but for their order, and the error says what to do', async () => {
    const { told, replay } = await restarted(alike(false), alike(false));
    expect(told).toMatchObject({ way: expect.stringContaining('mapValue(fail)'), alike: 2 });
    await expect(replay(told)).rejects.toMatchObject({
      code: 'REPLAY_TARGET',
      message: expect.stringMatching(/2 nodes of its topology .* Give the operators names \({ name }\)/),
    });
  });

  test('with names both are found', async () => {
    const { told, replay } = await restarted(alike(true), app => {
      const in$ = app.topic('in', { value }).pipe(share());
      in$.pipe(mapValue(text => text, { name: 'small' })).subscribe(app.to('b', { value }));
      in$.pipe(mapValue(text => text, { name: 'big' })).subscribe(app.to('a', { value }));
    });
    expect(await replay(told)).toEqual([['x'], [], []]);
  });

  test('where there is a second one like it by now: it is a dead letter again, which is not replayed for a branch', async () => {
    const { told, letters, replay } = await restarted(
      app => app.topic('in', { value }).pipe(mapValue(fail)).subscribe(app.to('a', { value })),
      app => {
        const in$ = app.topic('in', { value }).pipe(share());
        const sink = app.to('a', { value });
        const same = (text: string): string => text;
        Object.defineProperty(same, 'name', { value: 'fail' });
        in$.pipe(mapValue(same)).subscribe(sink);
        in$.pipe(mapValue(same)).subscribe(sink);
      },
    );
    expect(await replay(told)).toEqual([[], [], []]);
    const again = letters()[1];
    expect(again).toMatchObject({ reason: 'REPLAY_TARGET', way: told.way, alike: 2 });
  });

  test('by the number of an earlier version', async () => {
    const { told, replay } = await restarted(twoBranches, twoBranches);
    await expect(replay(earlier(told))).rejects.toMatchObject({ code: 'REPLAY_TARGET' });
  });
});

test('a letter of an earlier version is replayed for the node of that name, where there is one', async () => {
  const one = (change: (text: string) => string) => (app: App) => {
    const in$ = app.topic('in', { value }).pipe(share());
    in$.subscribe(app.to('b', { value }));
    in$.pipe(mapValue(text => change(text))).subscribe(app.to('a', { value }));
  };
  const { told, replay } = await restarted(
    one(fail),
    one(text => text),
  );
  expect(await replay(earlier(told))).toEqual([['x'], [], []]);
});

describe('an operator inside a plain rxjs operator is not taken for one of the topology that has its name', () => {
  const inside = (change: (text: string) => string) => (app: App) => {
    const in$ = app.topic('in', { value }).pipe(share());
    in$
      .pipe(mergeMap(record => of(record).pipe(mapValue(text => change(text)))))
      .subscribe(app.to('a', { value }));
    in$.pipe(mapValue(text => text)).subscribe(app.to('b', { value }));
  };

  test('one that failed: every branch takes the replay', async () => {
    const { told, replay } = await restarted(
      inside(fail),
      inside(text => text),
    );
    expect(told).toMatchObject({ node: 'mapValue', way: '* ~ mapValue', alike: 1 });
    expect(await replay(told)).toEqual([['x'], ['x'], []]);
  });

  test('one that the replay comes to', async () => {
    const slow = (change: (text: string) => string) => (app: App) => {
      const in$ = app.topic('in', { value }).pipe(share());
      in$
        .pipe(
          mapValue(change, { name: 'left' }),
          mergeMap(record => of(record).pipe(mapAsync(async text => text))),
        )
        .subscribe(app.to('a', { value }));
      in$.pipe(mapAsync(async text => text)).subscribe(app.to('b', { value }));
    };
    const { told, replay } = await restarted(
      slow(fail),
      slow(text => text),
    );
    expect((await replay(told))[0]).toEqual(['x']);
  });
});

describe('an operator that was made while records flowed', () => {
  const made = (order: readonly ('left' | 'right')[]) => {
    const graph = new TopologyGraph();
    const source = graph.add('source', 'in');
    const [left, right] = ['left', 'right'].map(name => graph.operator({ name }, [source], []));
    if (left === undefined || right === undefined) throw new Error('no node');
    for (const above of [left, right]) graph.connect(above, graph.add('sink', `of ${above.name}`));
    graph.close();
    const ids = new Map(
      order.map(name => {
        const late = graph.operator({ name: 'mapValue' }, [name === 'left' ? left : right], []);
        return [name, late.id] as const;
      }),
    );
    return { graph, id: (name: 'left' | 'right') => ids.get(name) ?? '' };
  };

  test('is named by the wired one that it is below, in whatever order such were found', () => {
    const way = { way: 'in -> left => of left ~ mapValue', alike: 1 };
    for (const order of [
      ['left', 'right'],
      ['right', 'left'],
    ] as const) {
      const { graph, id } = made(order);
      expect(graph.wayTo(id('left'), true)).toEqual(way);
      expect(graph.replayTarget(id('left'), way.way)).toEqual({ kind: 'node', id: 'left', part: 'left' });
    }
    // After a restart, before any was found.
    expect(made([]).graph.replayTarget('mapValue #2', way.way)).toMatchObject({ kind: 'node', id: 'left' });
  });
});

test('what operators are called without a name is not taken for a name that was given', () => {
  const graph = new TopologyGraph();
  const in$ = operatorObservable(
    'in',
    [new TopologyObservable({ graph, node: graph.add('source', 'in') })],
    () => {},
  );
  const given = (text: string): string => text;
  const sink = scriptedSink(
    placed({ next() {}, error() {}, complete() {} }, { graph, node: graph.add('sink', 'out') }),
  );
  const pipes: readonly unknown[] = [
    mapValue(given),
    mapRecord(record => record),
    mapKey(() => 'k'),
    peek(() => {}),
    project(given),
    filterValue(() => true),
    flatMapValue(text => [text]),
    mapAsync(async text => text),
    batch(records => records.length),
    mask('card' as never),
    tokenize('card' as never, { key: Buffer.alloc(32) }),
    through(sink),
  ];
  // Each is made for a stream of its own types; none is subscribed here.
  for (const pipe of pipes) (pipe as (source: unknown) => unknown)(in$);
  branch(in$ as never, { a: () => true });
  graph.close();
  const operators = graph.describe().nodes.filter(({ kind, id }) => kind === 'operator' && id !== 'in #2');
  expect(operators.length).toBeGreaterThan(12);
  for (const { name, id } of operators) {
    const { way } = graph.wayTo(id, true);
    const moved = way.replace('in -> ', 'elsewhere -> ');
    expect([name, graph.replayTarget(id, moved)]).toEqual([name, { kind: 'none', alike: [] }]);
  }
});

test('names that are made of what ways are made of lead where they say', () => {
  const graph = new TopologyGraph();
  const names = ['a -> b', 'a => b, c', '* ~ x', 'x #2', 'x', '%3e', 'n'.repeat(5_000)];
  let above = graph.add('source', 'in');
  for (const name of names) above = graph.operator({ name }, [above], []);
  graph.connect(above, graph.add('sink', 'out ~ 1'));
  graph.close();
  for (const name of names) {
    const { way, alike } = graph.wayTo(name, true);
    expect(graph.replayTarget('', way)).toEqual({ kind: 'node', id: name, part: name });
    const headers = replayHeaders(
      [],
      { topic: 'dead', partition: 0, offset: 0 },
      { app: 'app', node: name, way, alike },
    );
    expect(headers.some(({ key }) => key.endsWith('.way'))).toBe(true);
  }
});

test('a way is as long as its own name and no longer than some hundred characters more, however deep it leads', () => {
  const graph = new TopologyGraph();
  let level = [graph.add('source', 'in')];
  for (let depth = 0; depth < 30; depth++) {
    level = [1, 2].map(() => graph.operator({ name: 'step' }, level, []));
  }
  for (const node of level) graph.connect(node, graph.add('sink', 'out'));
  graph.close();
  for (const { id } of graph.describe().nodes) expect(graph.wayTo(id, true).way.length).toBeLessThan(600);
});
