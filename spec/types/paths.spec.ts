import { join } from 'node:path';
import fc from 'fast-check';
import ts from 'typescript';
import { maskAt } from '../../lib/card/mask-at.js';
import { compilePath } from '../../lib/card/path.js';
import { isKafkaRxError } from '../../lib/errors/errors.js';

/** A type as text, and values of it that have everything which it allows. */
interface Shape {
  readonly type: string;
  readonly samples: readonly unknown[];
}

const leaf = fc.constantFrom<Shape>(
  { type: 'string', samples: ['1'] },
  { type: 'string | null', samples: ['1', null] },
  { type: 'string | number', samples: ['1', 1] },
  { type: 'number', samples: [1] },
  { type: 'boolean', samples: [true] },
  { type: 'string | boolean', samples: ['1', true] },
  { type: 'string | { deep: string }', samples: ['1', { deep: '1' }] },
  { type: 'Date', samples: [new Date(0)] },
  { type: '() => string', samples: [] },
  { type: 'unknown', samples: ['1'] },
);
const name = fc.constantFrom(
  'card',
  'a',
  '"with.dot"',
  '"*"',
  '""',
  'constructor',
  '"__proto__"',
  '7',
  '"7b"',
);

const { shape } = fc.letrec<{ shape: Shape; object: Shape }>(tie => ({
  shape: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    leaf,
    tie('object'),
    tie('shape').map(({ type, samples }) => ({ type: `readonly (${type})[]`, samples: [samples] })),
    tie('shape').map(({ type, samples }) => ({
      type: `[string, ${type}]`,
      samples: samples.map(one => ['1', one]),
    })),
    tie('shape').map(({ type, samples }) => ({
      type: `Record<string, ${type}>`,
      samples: samples.map(one => ({ x: one, '7': one })),
    })),
    tie('shape').map(({ type, samples }) => ({
      type: `Record<number, ${type}>`,
      samples: samples.map(one => ({ 7: one })),
    })),
    tie('shape').map(({ type, samples }) => ({
      type: `{ [k: \`x-\${string}\`]: ${type}; fixed: string }`,
      samples: samples.map(one => ({ 'x-a': one, fixed: '1' })),
    })),
    fc.tuple(tie('object'), tie('object')).map(([a, b]) => ({
      type: `({ kind: 'a'; of: ${a.type} } | { kind: 'b'; of: ${b.type} })`,
      samples: [...a.samples.map(of => ({ kind: 'a', of })), ...b.samples.map(of => ({ kind: 'b', of }))],
    })),
  ),
  object: fc
    .uniqueArray(fc.tuple(name, tie('shape'), fc.constantFrom('', '?', 'readonly ')), {
      minLength: 1,
      maxLength: 3,
      selector: ([key]) => key,
    })
    .map(fields => ({
      type: `{ ${fields.map(([key, { type }, how]) => `${how === 'readonly ' ? how : ''}${key}${how === '?' ? '?' : ''}: ${type}`).join('; ')} }`,
      samples: Array.from(
        { length: Math.max(1, ...fields.map(([, { samples }]) => samples.length)) },
        (_, i) =>
          Object.fromEntries(
            fields.flatMap(([key, { samples }]) =>
              samples.length === 0 ? [] : [[key.replaceAll('"', ''), samples[i % samples.length]]],
            ),
          ),
      ),
    })),
}));

describe('a path that compiles', () => {
  const shapes = fc.sample(shape, { numRuns: 120, seed: 7 });
  const first = programOf(shapes.map(({ type }, i) => `export type P${i} = Path<${type}>;`));
  const paths = shapes.map((_, i) => {
    const type = first.typeOf(`P${i}`);
    return (type.isUnion() ? type.types : [type]).filter(one => (one.flags & ts.TypeFlags.Never) === 0);
  });
  const cases = paths.flatMap((ofShape, i) =>
    ofShape.map(type => ({
      shape: shapes[i] as Shape,
      path: type.isStringLiteral() ? type.value : undefined,
    })),
  );

  test('is one of a finite list, and there are many', () => {
    expect(cases.filter(({ path }) => path === undefined)).toEqual([]);
    expect(cases.length).toBeGreaterThan(60);
    expect(cases.filter(({ path }) => path?.includes('*')).length).toBeGreaterThan(20);
  });

  test('masks at run time exactly what its type says', () => {
    const second = programOf(
      cases.map(
        ({ shape: { type }, path }, i) => `export type M${i} = Masked<${type}, ${JSON.stringify(path)}>;`,
      ),
    );
    const wrong: string[] = [];
    let masked = 0;
    for (const [i, { shape: of, path = '' }] of cases.entries()) {
      for (const sample of of.samples) {
        let result: unknown;
        try {
          result = maskAt(sample, [compilePath(path)], () => 'masked');
        } catch (error) {
          // What one member of a union has at the path, and another member's path does not lead to: it does not go on.
          if (!isKafkaRxError(error, 'PROCESS') || !of.type.includes('kind'))
            wrong.push(`${path} of ${of.type} threw`);
          continue;
        }
        const differs = second.differences(second.typeOf(`M${i}`), sample, result);
        masked += differs.masked;
        if (differs.wrong.length > 0) wrong.push(`${path} of ${of.type}: ${differs.wrong}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(masked).toBeGreaterThan(cases.length / 2);
  });
});

/** Declarations, checked by the compiler. */
function programOf(declarations: readonly string[]) {
  const root = join(__dirname, '../..');
  const file = join(__dirname, 'paths.snippet.ts');
  const text = `
    import type { Masked } from '../../lib/card/masked.js';
    import type { Path } from '../../lib/card/path.js';
    ${declarations.join('\n')}
  `;
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = name => name === file || fileExists(name);
  host.readFile = name => (name === file ? text : readFile(name));
  host.getSourceFile = (name, ...more) =>
    name === file ? ts.createSourceFile(name, text, more[0]) : getSourceFile(name, ...more);
  const program = ts.createProgram([file], options, host);
  const source = program.getSourceFile(file);
  const checker = program.getTypeChecker();
  const found = ts
    .getPreEmitDiagnostics(program, source)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  if (source === undefined || found.length > 0) throw new Error(found.join('\n'));
  const types = new Map<string, ts.Type>();
  ts.forEachChild(source, node => {
    if (ts.isTypeAliasDeclaration(node)) types.set(node.name.text, checker.getTypeAtLocation(node));
  });

  const isMasked = (type: ts.Type): boolean => type.getProperty('kafka-rx/brand') !== undefined;
  const isText = (type: ts.Type): boolean =>
    (type.flags & ts.TypeFlags.StringLike) !== 0 || (type.isIntersection() && type.types.some(isText));

  /** What a value that was `before` is masked at, against what its type says. */
  function differences(type: ts.Type, before: unknown, after: unknown): { masked: number; wrong: string[] } {
    const members = type.isUnion() ? type.types : [type];
    if (typeof before !== 'object' || before === null || before instanceof Date) {
      const became = after === 'masked';
      const saysText = members.filter(isText);
      // A number becomes text where it is masked: then there is masked text in the type, and no number.
      const says =
        typeof before === 'string'
          ? saysText.length > 0 && saysText.every(isMasked)
          : typeof before === 'number' &&
            saysText.some(isMasked) &&
            !members.some(({ flags }) => flags & ts.TypeFlags.NumberLike);
      return {
        masked: became ? 1 : 0,
        wrong: became === says ? [] : [`${String(before)} became ${String(after)}`],
      };
    }
    const total = { masked: 0, wrong: [] as string[] };
    for (const [key, inner] of Object.entries(before)) {
      const holder = members.find(member => fits(member, before) && fieldOf(member, key) !== undefined);
      const field = holder && fieldOf(holder, key);
      if (field === undefined) continue;
      const one = differences(field, inner, (after as Record<string, unknown>)[key]);
      total.masked += one.masked;
      total.wrong.push(...one.wrong.map(what => `${key}.${what}`));
    }
    return total;
  }

  function fits(member: ts.Type, value: object): boolean {
    if ((member.flags & ts.TypeFlags.Object) === 0) return false;
    const kind = member.getProperty('kind');
    if (kind === undefined || source === undefined) return true;
    const type = checker.getTypeOfSymbolAtLocation(kind, source);
    const { kind: given } = value as { readonly kind?: unknown };
    return !type.isStringLiteral() || type.value === given;
  }

  function fieldOf(type: ts.Type, key: string): ts.Type | undefined {
    if (source === undefined) return undefined;
    const property = type.getProperty(key.startsWith('__') ? `_${key}` : key);
    if (property !== undefined) return checker.getTypeOfSymbolAtLocation(property, source);
    const index = checker
      .getIndexInfosOfType(type)
      .find(({ keyType }) => (keyType.flags & ts.TypeFlags.TemplateLiteral) === 0 || key.startsWith('x-'));
    return index?.type;
  }

  return {
    differences,
    typeOf: (alias: string): ts.Type => {
      const type = types.get(alias);
      if (type === undefined) throw new Error(alias);
      return type;
    },
  };
}
