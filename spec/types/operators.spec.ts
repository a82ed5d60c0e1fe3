import { join } from 'node:path';
import { expectTypeOf } from 'expect-type';
import * as t from 'io-ts';
import { filter, map, type Observable, type OperatorFunction, Subject, share, tap } from 'rxjs';
import ts from 'typescript';
import { createApp } from '../../lib/app/app.js';
import type { App } from '../../lib/app/interface.js';
import type { CardNumber, MaskedCardNumber } from '../../lib/card/card-number.js';
import type { CardToken } from '../../lib/card/card-token.js';
import type { MaskedText } from '../../lib/card/mask-pattern.js';
import { bytes } from '../../lib/codecs/bytes.js';
import * as types from '../../lib/codecs/io-ts.js';
import { json } from '../../lib/codecs/json.js';
import { nullable } from '../../lib/codecs/nullable.js';
import { number } from '../../lib/codecs/number.js';
import { string } from '../../lib/codecs/string.js';
import { memory } from '../../lib/drivers/memory/index.js';
import type { KafkaRecord } from '../../lib/record/record.js';
import { memoryStore } from '../../lib/stores/memory-store.js';
import {
  batch,
  branch,
  filterValue,
  flatMapValue,
  type MaskOptions,
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
} from '../../operators/index.js';

const fields = { customerId: t.string, price: types.NonNegative };
const Purchase = t.strict({ ...fields, cardNumber: types.CardNumber });
const MaskedPurchase = t.strict({ ...fields, cardNumber: types.MaskedCardNumber });
type Purchase = t.TypeOf<typeof Purchase>;
type MaskedPurchase = t.TypeOf<typeof MaskedPurchase>;
interface Reward {
  readonly customerId: string;
  readonly points: number;
}
const toReward = ({ customerId, price }: MaskedPurchase): Reward => ({
  customerId,
  points: Math.floor(price),
});

/** Wired and never run. */
const app: App = createApp({ groupId: 'types', driver: memory() });
const purchases = () => app.topic('transactions', { value: json(Purchase) });
const numbers = () => app.topic('numbers', { key: string, value: number });

type ValueOf<S> = S extends Observable<KafkaRecord<unknown, infer V>> ? V : never;
type KeyOf<S> = S extends Observable<KafkaRecord<infer K, unknown>> ? K : never;

describe('types through pipe', () => {
  test('a source gives what its codecs give; without a key codec bytes or null', () => {
    const plain = purchases();
    expectTypeOf(plain).toEqualTypeOf<Observable<KafkaRecord<Buffer | null, Purchase>>>();
    expectTypeOf(numbers()).toEqualTypeOf<Observable<KafkaRecord<string, number>>>();
    const nullables = app.topic('n', { key: nullable(string), value: nullable(number) });
    expectTypeOf(nullables).toEqualTypeOf<Observable<KafkaRecord<string | null, number | null>>>();
  });

  test('mask changes the masked fields and nothing else', () => {
    const masked = purchases().pipe(mask('cardNumber'));
    expectTypeOf<ValueOf<typeof masked>['cardNumber']>().toEqualTypeOf<MaskedCardNumber>();
    expectTypeOf<ValueOf<typeof masked>['customerId']>().toEqualTypeOf<string>();
    expectTypeOf<ValueOf<typeof masked>>().toExtend<MaskedPurchase>();
    expectTypeOf<KeyOf<typeof masked>>().toEqualTypeOf<Buffer | null>();
    const several = purchases().pipe(mask(['cardNumber', 'customerId']));
    expectTypeOf<ValueOf<typeof several>['customerId']>().toEqualTypeOf<MaskedCardNumber>();
    const named = purchases().pipe(mask('cardNumber', { name: 'n' }));
    expectTypeOf<ValueOf<typeof named>['cardNumber']>().toEqualTypeOf<MaskedCardNumber>();
    const twice = purchases().pipe(mask('cardNumber'), mask('cardNumber'));
    expectTypeOf<ValueOf<typeof twice>['cardNumber']>().toEqualTypeOf<MaskedCardNumber>();
  });

  test('what a pattern masks is masked text, and no masked card number', () => {
    const masked = purchases().pipe(mask('customerId', { pattern: /^(.)/ }));
    expectTypeOf<ValueOf<typeof masked>['customerId']>().toEqualTypeOf<MaskedText>();
    const both = masked.pipe(mask('cardNumber', { name: 'cards' }));
    expectTypeOf<ValueOf<typeof both>['customerId']>().toEqualTypeOf<MaskedText>();
    expectTypeOf<ValueOf<typeof both>>().toExtend<MaskedPurchase>();
    const made = purchases().pipe(mask('cardNumber', { pattern: text => text.replace(/./g, 'x') }));
    // @ts-expect-error the sink wants masked card numbers
    made.subscribe(app.to('masked', { value: json(MaskedPurchase) }));
    const unsure: MaskOptions = {};
    const either = purchases().pipe(mask('cardNumber', unsure));
    expectTypeOf<ValueOf<typeof either>['cardNumber']>().toEqualTypeOf<MaskedCardNumber | MaskedText>();
    // @ts-expect-error misspelt, with a pattern too
    expect(() => purchases().pipe(mask('cardNumbr', { pattern: /x/ }))).toThrow('no field');
  });

  test('what is tokenized is a token, and nothing else', () => {
    const options = { key: { env: 'CARD_TOKEN_KEY' } };
    const wired = () => purchases().pipe(tokenize('cardNumber', options));
    expectTypeOf<ValueOf<ReturnType<typeof wired>>['cardNumber']>().toEqualTypeOf<CardToken>();
    expectTypeOf<ValueOf<ReturnType<typeof wired>>['customerId']>().toEqualTypeOf<string>();
    expectTypeOf<ValueOf<ReturnType<typeof wired>>>().not.toExtend<MaskedPurchase>();
    const wrong = (): unknown[] => [
      // @ts-expect-error misspelt
      purchases().pipe(tokenize('cardNumbr', options)),
      // @ts-expect-error without a key
      purchases().pipe(tokenize('cardNumber', {})),
      // @ts-expect-error a key is bytes, not text
      purchases().pipe(tokenize('cardNumber', { key: 'secret' })),
    ];
    expect([wired, wrong]).toHaveLength(2);
  });

  test('a copy of a record does not compile as one: it has nothing that a record does', () => {
    const copied = map((record: KafkaRecord<string, number>) => ({ ...record }));
    expectTypeOf(copied).not.toExtend<OperatorFunction<KafkaRecord, KafkaRecord>>();
    const made = (record: KafkaRecord<string, number>): KafkaRecord =>
      // @ts-expect-error
      ({ ...record, value: 'v' });
    expectTypeOf(made).returns.toEqualTypeOf<KafkaRecord>();
  });

  test('functions given to operators know value and record without annotations', () => {
    const mapped = numbers().pipe(
      mapValue((value, record) => {
        expectTypeOf(value).toEqualTypeOf<number>();
        expectTypeOf(record).toEqualTypeOf<KafkaRecord<string, number>>();
        return { doubled: value * 2 };
      }),
    );
    expectTypeOf(mapped).toEqualTypeOf<Observable<KafkaRecord<string, { doubled: number }>>>();

    const keyed = numbers().pipe(mapKey((key, { value }) => key.length + value));
    expectTypeOf(keyed).toEqualTypeOf<Observable<KafkaRecord<number, number>>>();

    const remade = numbers().pipe(mapRecord(record => record.withKey(1n).withValue('v')));
    expectTypeOf(remade).toEqualTypeOf<Observable<KafkaRecord<bigint, string>>>();

    const projected = purchases().pipe(mask('cardNumber'), project(toReward));
    expectTypeOf(projected).toEqualTypeOf<Observable<KafkaRecord<Buffer | null, Reward>>>();

    const split = numbers().pipe(flatMapValue(value => new Set([`${value}`])));
    expectTypeOf(split).toEqualTypeOf<Observable<KafkaRecord<string, string>>>();

    const seen = numbers().pipe(peek(({ key, value }) => key.repeat(value)));
    expectTypeOf(seen).toEqualTypeOf<Observable<KafkaRecord<string, number>>>();
  });

  test('mapAsync gives what the promise, Observable or async iterable holds, and any other value as it is', () => {
    const promised = numbers().pipe(
      mapAsync(async (value, { key }, signal) => {
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
        return key.repeat(value);
      }),
    );
    expectTypeOf(promised).toEqualTypeOf<Observable<KafkaRecord<string, string>>>();
    const observed = numbers().pipe(mapAsync(() => new Subject<boolean>()));
    expectTypeOf(observed).toEqualTypeOf<Observable<KafkaRecord<string, boolean>>>();
    const listed = numbers().pipe(mapAsync(value => [{ value }]));
    expectTypeOf(listed).toEqualTypeOf<Observable<KafkaRecord<string, { value: number }[]>>>();
    const cache = new Map<number, string>();
    const cached = numbers().pipe(mapAsync(value => cache.get(value) ?? Promise.resolve('fetched')));
    expectTypeOf(cached).toEqualTypeOf<Observable<KafkaRecord<string, string>>>();
    const generated = numbers().pipe(
      mapAsync(async function* (value) {
        yield value;
      }),
    );
    expectTypeOf(generated).toEqualTypeOf<Observable<KafkaRecord<string, number>>>();
    const missing = numbers().pipe(mapAsync(value => (value > 1 ? { value } : null)));
    expectTypeOf(missing).toEqualTypeOf<Observable<KafkaRecord<string, { value: number } | null>>>();
    const done = numbers().pipe(mapAsync(async () => {}));
    expectTypeOf(done).toEqualTypeOf<Observable<KafkaRecord<string, void>>>();
  });

  test('batch sees records of the stream and gives what is made of them', () => {
    const batched = numbers().pipe(
      batch(records => {
        expectTypeOf(records).toEqualTypeOf<readonly KafkaRecord<string, number>[]>();
        return records.map(({ value }) => value);
      }),
    );
    expectTypeOf(batched).toEqualTypeOf<Observable<KafkaRecord<string, number[]>>>();
  });

  test('through lets the type of the stream be', () => {
    const stored = purchases().pipe(mask('cardNumber'), through(app.store(memoryStore<MaskedPurchase>('s'))));
    expectTypeOf<KeyOf<typeof stored>>().toEqualTypeOf<Buffer | null>();
    expectTypeOf<ValueOf<typeof stored>['cardNumber']>().toEqualTypeOf<MaskedCardNumber>();
    stored.subscribe(app.to('stored', { value: json(MaskedPurchase) }));
  });

  test('type guards narrow, in filterValue and in branch', () => {
    const mixed = numbers().pipe(mapValue((value): string | number => (value > 1 ? value : `${value}`)));
    const isText = (value: string | number): value is string => typeof value === 'string';
    const texts = mixed.pipe(filterValue(isText));
    expectTypeOf(texts).toEqualTypeOf<Observable<KafkaRecord<string, string>>>();
    const some = mixed.pipe(filterValue(value => value !== 'x'));
    expectTypeOf(some).toEqualTypeOf<Observable<KafkaRecord<string, string | number>>>();

    const { text, large, otherwise } = branch(mixed, { text: isText, large: value => value !== 7 });
    expectTypeOf(text).toEqualTypeOf<Observable<KafkaRecord<string, string>>>();
    expectTypeOf(large).toEqualTypeOf<Observable<KafkaRecord<string, string | number>>>();
    expectTypeOf(otherwise).toEqualTypeOf<Observable<KafkaRecord<string, string | number>>>();
  });

  test('mergeNamed gives the union of its sources', () => {
    const merged = mergeNamed('all', numbers(), numbers().pipe(mapValue(String)));
    expectTypeOf(merged).toEqualTypeOf<
      Observable<KafkaRecord<string, number> | KafkaRecord<string, string>>
    >();
  });

  test('plain rxjs operators between ours keep the types', () => {
    const piped = purchases().pipe(
      filter(({ value }) => value.price > 1),
      mask('cardNumber'),
      tap(({ value }) => value.cardNumber),
      share(),
      project(toReward),
    );
    expectTypeOf(piped).toEqualTypeOf<Observable<KafkaRecord<Buffer | null, Reward>>>();
  });
});

describe('what does not compile', () => {
  const masked = purchases().pipe(mask('cardNumber'), share());

  test('a raw card into a sink for masked ones, whatever the sink', () => {
    masked.subscribe(app.to('masked', { value: json(MaskedPurchase) }));
    masked.subscribe(app.store(memoryStore<MaskedPurchase>('masked')));
    // @ts-expect-error the card is raw
    purchases().subscribe(app.to('masked', { value: json(MaskedPurchase) }));
    // @ts-expect-error the card is raw
    purchases().subscribe(app.to('masked', { keyBy: p => p.customerId, value: json(MaskedPurchase) }));
    // @ts-expect-error the card is raw
    purchases().subscribe(app.store(memoryStore<MaskedPurchase>('masked')));
    // @ts-expect-error the card is raw
    purchases().pipe(through(app.store(memoryStore<MaskedPurchase>('masked'))));
    // @ts-expect-error the view is of masked purchases
    purchases().pipe(project(toReward));
    // @ts-expect-error masked is no card number either
    masked.subscribe(app.to('raw', { value: json(Purchase) }));
    expectTypeOf<MaskedCardNumber>().not.toExtend<CardNumber>();
  });

  test('a key that its codec does not take, and no codec for a key that is no text', () => {
    numbers().subscribe(app.to('keyed', { key: string, value: number }));
    // @ts-expect-error the keys are text
    numbers().subscribe(app.to('keyed', { key: number, value: number }));
    // @ts-expect-error the keys are text
    numbers().subscribe(app.to('keyed', { key: bytes, value: number }));
    // @ts-expect-error keyBy gives numbers, the codec takes text
    numbers().subscribe(app.to('keyed', { key: string, keyBy: (value: number) => value, value: number }));
    // @ts-expect-error without a codec keyBy gives text or null
    numbers().subscribe(app.to('keyed', { keyBy: (value: number) => value, value: number }));
    const numbered = numbers().pipe(mapKey(Number));
    // @ts-expect-error keys that are numbers need a codec
    numbered.subscribe(app.to('keyed', { value: number }));
  });

  test('paths that lead nowhere, or to what is no text', () => {
    // @ts-expect-error misspelt
    expect(() => purchases().pipe(mask('cardNumbr'))).toThrow('no field');
    // @ts-expect-error a number
    purchases().pipe(mask('price'));
    // @ts-expect-error one of two misspelt
    expect(() => purchases().pipe(mask(['cardNumber', 'customer']))).toThrow('no field');
    // @ts-expect-error a number has no fields
    numbers().pipe(mask('cardNumber'));
  });

  test('a branch that would hide otherwise, and one that nobody named', () => {
    // @ts-expect-error otherwise is what no guard wanted
    const hiding = () => branch(numbers(), { otherwise: (value: number) => value > 1 });
    expect(hiding).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }));
    // @ts-expect-error no such branch
    branch(numbers(), { big: value => value > 1 }).small?.subscribe();
  });

  test('options that no operator has', () => {
    // @ts-expect-error no such order
    expect(() => mapAsync(async (value: number) => value, { order: 'topic' })).toThrow(/order/);
    // @ts-expect-error no such option
    expect(() => batch(records => records.length, { size: 3 })).toThrow(/size/);
    // @ts-expect-error no such policy
    expect(() => mapValue(value => value, { onError: 'ignore' })).toThrow(/onError/);
    // @ts-expect-error forgets its promise
    numbers().pipe(mapAsync(value => void Promise.resolve(value)));
    // @ts-expect-error may have nothing to give
    numbers().pipe(mapAsync(value => new Map<number, string>().get(value)));
  });

  test('records are read only', () => {
    numbers().pipe(
      peek(record => {
        // @ts-expect-error immutable
        record.value = 2;
      }),
    );
  });
});

describe('what the compiler says', () => {
  const prelude = `
    import type { Observable } from 'rxjs';
    import type { App } from '../../lib/app/interface.js';
    import type { CardNumber, MaskedCardNumber } from '../../lib/card/card-number.js';
    import type { Codec } from '../../lib/codecs/codec.js';
    import type { KafkaRecord } from '../../lib/record/record.js';
    import { mask } from '../../operators/mask.js';
    interface Purchase { id: string; price: number; cardNumber: CardNumber }
    interface MaskedPurchase { id: string; price: number; cardNumber: MaskedCardNumber }
    declare const app: App;
    declare const source: Observable<KafkaRecord<Buffer | null, Purchase>>;
    declare const masked: Codec<MaskedPurchase>;
  `;
  const said = diagnostics(prelude, {
    typo: "source.pipe(mask('cardNumbr'));",
    second: "source.pipe(mask(['cardNumber', 'idd']));",
    raw: "source.subscribe(app.to('masked', { keyBy: p => p.id, value: masked }));",
    fine: "source.pipe(mask('cardNumber')).subscribe(app.to('masked', { keyBy: p => p.id, value: masked }));",
  });

  test.each([
    ['typo', 250],
    ['second', 400],
  ] as const)('a misspelt path is answered with those that are there, shortly: %s', (name, length) => {
    const [message, ...more] = said[name] ?? [];
    expect(more).toEqual([]);
    expect(message).toContain('"cardNumber"');
    expect(message).toContain('"id"');
    expect(message?.length).toBeLessThan(length);
  });

  test('a raw card in a masked sink is answered with both names', () => {
    expect(said['raw']).toHaveLength(1);
    expect(said['raw']?.[0]).toContain("'CardNumber'");
    expect(said['raw']?.[0]).toContain("'MaskedCardNumber'");
  });

  test('what is right is answered with nothing', () => {
    expect(said['fine']).toEqual([]);
  });
});

/** What the compiler says of each snippet behind the prelude, line breaks kept. */
function diagnostics(prelude: string, snippets: Readonly<Record<string, string>>): Record<string, string[]> {
  const root = join(__dirname, '../..');
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const texts = new Map(
    Object.entries(snippets).map(([name, snippet]) => [
      join(__dirname, `${name}.snippet.ts`),
      prelude + snippet,
    ]),
  );
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = file => texts.has(file) || fileExists(file);
  host.readFile = file => texts.get(file) ?? readFile(file);
  host.getSourceFile = (file, languageVersion, ...more) => {
    const text = texts.get(file);
    return text === undefined
      ? getSourceFile(file, languageVersion, ...more)
      : ts.createSourceFile(file, text, languageVersion);
  };
  const program = ts.createProgram([...texts.keys()], options, host);
  return Object.fromEntries(
    Object.keys(snippets).map(name => {
      const file = program.getSourceFile(join(__dirname, `${name}.snippet.ts`));
      const found = ts.getPreEmitDiagnostics(program, file);
      return [name, found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))];
    }),
  );
}
