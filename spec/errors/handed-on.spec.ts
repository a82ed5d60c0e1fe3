/** Things that fight back when somebody looks at them, given by the user's functions and handed on in the place of records. */
import * as t from 'io-ts';
import { type DocumentStore, isKafkaRxError, json, string } from 'kafka-rx';
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
  peek,
  project,
  share,
  through,
} from 'kafka-rx/operators';
import { map } from 'rxjs';
import { Members } from '../app/members.js';
import { strangers } from './strangers.js';

const value = string;
// A place is wired with a function that gives what fights back; its types say nothing of that.
type Wire = (app: Parameters<Parameters<Members['start']>[0]>[0], give: () => never) => void;
const storeOf = (parts: Partial<DocumentStore<string>>): DocumentStore<string> =>
  // The app calls nothing else of a store without positions.
  ({
    name: 's',
    open: async () => {},
    write: () => undefined,
    close: async () => {},
    ...parts,
  }) as DocumentStore<string>;
const end = (app: Parameters<Wire>[0]) => app.each(() => {});
const out = (app: Parameters<Wire>[0]) => app.to('out', { value: json(t.unknown) });

const given: readonly [string, Wire][] = [
  ['mapValue', (app, give) => app.topic('in', { value }).pipe(mapValue(give)).subscribe(end(app))],
  [
    'mapValue before a topic',
    (app, give) => app.topic('in', { value }).pipe(mapValue(give)).subscribe(out(app)),
  ],
  [
    'mapValue before a store',
    (app, give) =>
      app
        .topic('in', { value })
        .pipe(mapValue(give))
        .subscribe(app.store(storeOf({}) as never)),
  ],
  [
    'mapValue before mask',
    (app, give) =>
      app
        .topic('in', { value })
        .pipe(mapValue(give), mask('a.b' as never))
        .subscribe(out(app)),
  ],
  [
    'mapValue before mask of all',
    (app, give) =>
      app
        .topic('in', { value })
        .pipe(mapValue(give), mask('*.b' as never))
        .subscribe(app.store(storeOf({}) as never)),
  ],
  ['mapRecord', (app, give) => app.topic('in', { value }).pipe(mapRecord(give)).subscribe(end(app))],
  ['mapKey', (app, give) => app.topic('in', { value }).pipe(mapKey(give)).subscribe(out(app))],
  [
    'mapKey before mapAsync',
    (app, give) =>
      app
        .topic('in', { value })
        .pipe(
          mapKey(give),
          mapAsync(async x => x),
        )
        .subscribe(end(app)),
  ],
  ['filterValue', (app, give) => app.topic('in', { value }).pipe(filterValue(give)).subscribe(end(app))],
  ['flatMapValue', (app, give) => app.topic('in', { value }).pipe(flatMapValue(give)).subscribe(end(app))],
  [
    'flatMapValue, in a list',
    (app, give) =>
      app
        .topic('in', { value })
        .pipe(flatMapValue(() => [give()] as never))
        .subscribe(out(app)),
  ],
  ['project', (app, give) => app.topic('in', { value }).pipe(project(give)).subscribe(end(app))],
  ['peek', (app, give) => app.topic('in', { value }).pipe(peek(give)).subscribe(end(app))],
  [
    'batch',
    (app, give) =>
      app
        .topic('in', { value })
        .pipe(batch(give, { maxRecords: 1 }))
        .subscribe(end(app)),
  ],
  ['mapAsync', (app, give) => app.topic('in', { value }).pipe(mapAsync(give)).subscribe(end(app))],
  [
    'mapAsync, later',
    (app, give) =>
      app
        .topic('in', { value })
        .pipe(mapAsync(async () => give()))
        .subscribe(end(app)),
  ],
  ['app.each', (app, give) => app.topic('in', { value }).subscribe(app.each(give))],
  ['app.each, later', (app, give) => app.topic('in', { value }).subscribe(app.each(async () => give()))],
  [
    'app.watch',
    (app, give) => {
      const s = app.topic('in', { value }).pipe(share());
      s.subscribe(app.watch(give));
      s.subscribe(end(app));
    },
  ],
  [
    'branch',
    (app, give) => {
      const { big, otherwise } = branch(app.topic('in', { value }), { big: give });
      big.subscribe(end(app));
      otherwise.subscribe(end(app));
    },
  ],
  ['keyBy', (app, give) => app.topic('in', { value }).subscribe(app.to('out', { value, keyBy: give }))],
  ['headers', (app, give) => app.topic('in', { value }).subscribe(app.to('out', { value, headers: give }))],
  [
    'a codec that decodes',
    (app, give) =>
      app.topic('in', { value: { name: 'bad', decode: give, encode: give } }).subscribe(end(app)),
  ],
  [
    'a codec that encodes',
    (app, give) =>
      app
        .topic('in', { value })
        .subscribe(app.to('out', { value: { name: 'bad', decode: give, encode: give } as never })),
  ],
  [
    'a key codec',
    (app, give) =>
      app.topic('in', { value }).subscribe(
        app.to('out', {
          value,
          keyBy: () => 'a',
          key: { name: 'bad', decode: give, encode: give } as never,
        }),
      ),
  ],
  [
    'a store that opens',
    (app, give) => app.topic('in', { value }).subscribe(app.store(storeOf({ open: give }))),
  ],
  [
    'a store that writes',
    (app, give) => app.topic('in', { value }).subscribe(app.store(storeOf({ write: give }))),
  ],
  [
    'a partitioner',
    (app, give) => app.topic('in', { value }).subscribe(app.to('out', { value, partition: give } as never)),
  ],
  [
    'a plain map before a sink',
    (app, give) => app.topic('in', { value }).pipe(map(give)).subscribe(end(app)),
  ],
  [
    'a plain map before a topic',
    (app, give) => app.topic('in', { value }).pipe(map(give)).subscribe(out(app)),
  ],
  [
    'a plain map before a store',
    (app, give) =>
      app
        .topic('in', { value })
        .pipe(map(give))
        .subscribe(app.store(storeOf({}) as never)),
  ],
  [
    'a plain map before watch',
    (app, give) => {
      app.topic('in', { value }).subscribe(end(app));
      app
        .topic('in', { value })
        .pipe(map(give))
        .subscribe(app.watch(() => {}));
    },
  ],
  [
    'a plain map before mapValue',
    (app, give) =>
      app
        .topic('in', { value })
        .pipe(
          map(give),
          mapValue(x => x),
        )
        .subscribe(end(app)),
  ],
  [
    'a plain map before filterValue',
    (app, give) =>
      app
        .topic('in', { value })
        .pipe(
          map(give),
          filterValue(() => true),
        )
        .subscribe(end(app)),
  ],
  [
    'a plain map before flatMapValue',
    (app, give) =>
      app
        .topic('in', { value })
        .pipe(
          map(give),
          flatMapValue(() => [1]),
        )
        .subscribe(end(app)),
  ],
  [
    'a plain map before mapAsync',
    (app, give) =>
      app
        .topic('in', { value })
        .pipe(
          map(give),
          mapAsync(async () => 1),
        )
        .subscribe(end(app)),
  ],
  [
    'a plain map before batch',
    (app, give) =>
      app
        .topic('in', { value })
        .pipe(
          map(give),
          batch(() => 1, { maxRecords: 1 }),
        )
        .subscribe(end(app)),
  ],
  [
    'a plain map before through',
    (app, give) =>
      app
        .topic('in', { value })
        .pipe(map(give), through(end(app)))
        .subscribe(end(app)),
  ],
  [
    'a plain map before mask',
    (app, give) =>
      app
        .topic('in', { value })
        .pipe(map(give), mask('a' as never))
        .subscribe(end(app)),
  ],
  [
    'a plain map before peek',
    (app, give) =>
      app
        .topic('in', { value })
        .pipe(
          map(give),
          peek(() => {}),
        )
        .subscribe(end(app)),
  ],
];

describe.each(given)('given by %s', (_place, wire) => {
  test.each(strangers)('%s is taken, or fails the app with an error of ours', async (_stranger, make) => {
    const members = new Members({ in: 1, out: 1 });
    members.publish('in', 'a');
    const escaped: unknown[] = [];
    const note = (error: unknown): void => {
      escaped.push(error);
    };
    process.on('uncaughtException', note).on('unhandledRejection', note);
    const member = members.start(app => wire(app, make as () => never));
    await members.settle();
    void member.app.stop();
    await members.settle();
    process.off('uncaughtException', note).off('unhandledRejection', note);
    expect(escaped).toHaveLength(0);
    const { outcome } = member;
    const ended = isKafkaRxError(outcome) ? 'failed' : outcome;
    expect([ended, members.committed('in')]).toEqual(ended === 'failed' ? ['failed', [-1]] : ['done', [1]]);
  });
});
