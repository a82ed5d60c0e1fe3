import { type App, type KafkaRecord, string } from 'kafka-rx';
import {
  batch,
  branch,
  filterValue,
  mapAsync,
  mapValue,
  mergeNamed,
  share,
  through,
} from 'kafka-rx/operators';
import { testApp } from 'kafka-rx/testing';
import { mergeMap, type Observable, of, Subject, switchMap } from 'rxjs';

type Texts = Observable<KafkaRecord<Buffer | null, string>>;

/** Pipes that are made anew for each setting, while records flow. */
const inner: readonly (readonly [string, (app: App) => (source: Texts, setting: number) => Texts])[] = [
  ['a named function', () => source => source.pipe(mapValue(same))],
  ['a function without a name', () => source => source.pipe(filterValue(value => value !== 'b'))],
  [
    'several in a row',
    () => source =>
      source.pipe(
        mapValue(same),
        filterValue(() => true),
        mapValue(same),
      ),
  ],
  ['mapAsync', () => source => source.pipe(mapAsync(value => of(value)))],
  ['batch', () => source => source.pipe(batch(records => `${records.length}`, { maxRecords: 1 }))],
  ['branch', () => source => branch(source, { first: value => value === 'a' }).otherwise],
  ['mergeNamed', () => source => mergeNamed('both', source.pipe(mapValue(same)), source)],
  [
    'names without end',
    () => (source, setting) => source.pipe(mapValue(same, { name: `setting ${setting}` })),
  ],
  [
    'through a sink',
    app => {
      const noted = app.each<Buffer | null, string>(() => {});
      return source => source.pipe(through(noted));
    },
  ],
];

function same(value: string): string {
  return value;
}

test.each(inner)(
  'operators inside a switchMap are nodes once, however often it switches: %s',
  async (_, make) => {
    const settings = new Subject<number>();
    const t = await testApp(app => {
      const source = app.topic('in', { value: string }).pipe(share());
      const made = make(app);
      source.subscribe(app.each(() => {}, { name: 'healthy' }));
      settings
        .pipe(switchMap(setting => made(source, setting)))
        .subscribe(app.to('out', { value: string, name: 'sink' }));
    });
    const count = () => t.app.describe().nodes.length + t.app.describe().edges.length;
    for (let n = 0; n < 1010; n++) settings.next(n);
    t.pipeIn('in', [{ value: 'a' }, { value: 'b' }]);
    const before = count();
    for (let n = 1010; n < 3000; n++) settings.next(n);
    t.pipeIn('in', [{ value: 'a' }, { value: 'b' }]);
    await t.idle();
    expect(count()).toBe(before);
    expect(t.app.health().reasons).toEqual([]);
    await t.stop();
  },
);

test('a record that is given up by a switch has its operator’s name in the failure still', async () => {
  const settings = new Subject<number>();
  const t = await testApp(app => {
    const source = app.topic('in', { value: string }).pipe(share());
    source.subscribe(app.each(() => {}, { name: 'healthy' }));
    settings
      .pipe(
        mergeMap(() =>
          source.pipe(
            mapValue(
              (value): string => {
                throw new Error(value);
              },
              { name: 'made later' },
            ),
          ),
        ),
      )
      .subscribe(app.to('out', { value: string }));
  });
  settings.next(1);
  settings.next(2);
  expect(() => t.pipeIn('in', [{ value: 'a' }])).toThrow("'made later'");
  await expect(t.stop()).rejects.toMatchObject({ code: 'PROCESS' });
});
