/** Masks made anew for each record, in a pipe inside: what the guard keeps of them has bounds, and what is one stays one. */
import * as t from 'io-ts';
import { json, string } from 'kafka-rx';
import { mapValue, mask } from 'kafka-rx/operators';
import { testApp } from 'kafka-rx/testing';
import { mergeMap, of } from 'rxjs';

/** How many of `count` records come to `out`, each through a mask of its own; and whether one that an earlier mask made does, after all. */
async function written(
  count: number,
  patternOf: (index: number) => RegExp | ((text: string) => string),
  path = () => 'no',
) {
  let index = 0;
  const test = await testApp(
    app => {
      // Known from the beginning, and masked otherwise than all others.
      app
        .topic('first', { value: json(t.unknown) })
        .pipe(mask('no' as never, { pattern: () => 'first', optional: true }))
        .subscribe(app.to('out', { value: json(t.unknown), keyBy: () => null }) as never);
      app
        .topic('in', { value: string })
        .pipe(
          mergeMap(record => {
            const at = index++;
            return of(record.withValue({ [path()]: record.value })).pipe(
              mask(path() as never, { pattern: patternOf(at), optional: true }),
            );
          }),
        )
        .subscribe(app.to('out', { value: json(t.unknown), keyBy: () => null }) as never);
      app
        .topic('late', { value: string })
        .pipe(mapValue(no => ({ no })))
        .subscribe(app.to('out', { value: json(t.unknown), keyBy: () => null }) as never);
    },
    { policies: { encode: 'skip', process: 'skip' } },
  );
  test.pipeIn(
    'in',
    Array.from({ length: count }, (_, i) => ({ value: `text ${i}` })),
  );
  await test.idle();
  const before = test.broker.records('out').length;
  test.pipeIn('late', [{ value: 'first' }]);
  await test.idle();
  const after = test.broker.records('out').length;
  await test.stop();
  return { before, firstStill: after > before };
}

test('one pattern written anew for each record is one way, however many there were before', async () => {
  // More forms than any list of them would be given to keep, by an app of its own.
  await written(1_100, i => new RegExp(`^(form ${i}).*$`));
  expect(await written(100, () => /^(text).*$/)).toEqual({ before: 100, firstStill: true });
});

test('one function is one way', async () => {
  const pattern = () => 'xxxx';
  expect(await written(100, () => pattern)).toEqual({ before: 100, firstStill: true });
});

test('functions made anew are 32 ways at most: the first is given up', async () => {
  expect(await written(31, i => () => `m${i}`)).toEqual({ before: 31, firstStill: true });
  expect(await written(32, i => () => `m${i}`)).toEqual({ before: 32, firstStill: false });
});
