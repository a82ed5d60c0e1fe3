/** Type-checks examples as the library's user would: by its entry points, under the repository's strictness. */
import { dirname, join } from 'node:path';
import ts from 'typescript';
import type { Example } from './examples.js';

/** What the compiler says of an example, as `README.md:14: message`, by the example's name. */
export type Findings = ReadonlyMap<string, readonly string[]>;

/**
 * An example with an import stands alone, since a reader will copy it. One without may name everything that
 * `preamble.ts` exports, and may declare the same names itself.
 */
export function compileExamples(repository: string, examples: readonly Example[]): Findings {
  const options = compilerOptions(repository);
  const folder = join(repository, 'spec', 'docs');
  const virtual = new Map<string, string>();
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, getSourceFile } = host;
  host.fileExists = file => virtual.has(file) || fileExists(file);
  host.readFile = file => virtual.get(file) ?? readFile(file);
  host.getSourceFile = (file, language, ...rest) => {
    const text = virtual.get(file);
    if (text === undefined) return getSourceFile(file, language, ...rest);
    return ts.createSourceFile(file, text, language);
  };

  const preamble = join(folder, 'preamble.ts');
  const first = ts.createProgram([preamble], options, host);
  const names = exportsOf(first, preamble);

  const modules = examples.map((example, index) => {
    const wrapped = wrap(example.code, names);
    // One that stands alone compiles beside the text it stands in, so that its relative imports are the reader's.
    const place = standsAlone(example.code) ? join(repository, dirname(example.file)) : folder;
    const path = join(place, `example-${index}.ts`);
    virtual.set(path, wrapped.text);
    return { example, path, linesBefore: wrapped.linesBefore };
  });
  const program = ts.createProgram([preamble, ...modules.map(({ path }) => path)], options, host, first);
  return new Map(
    modules.map(({ example, path, linesBefore }) => {
      const source = program.getSourceFile(path);
      const diagnostics = [
        ...program.getSyntacticDiagnostics(source),
        ...program.getSemanticDiagnostics(source),
      ];
      return [example.name, diagnostics.map(one => sentence(one, example, linesBefore))];
    }),
  );
}

function compilerOptions(repository: string): ts.CompilerOptions {
  const file = join(repository, 'tsconfig.json');
  const { config } = ts.readConfigFile(file, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(
    { ...config, files: [], include: [] },
    ts.sys,
    repository,
  );
  // `import { App }` for a type is no fault in an example.
  return { ...options, noEmit: true, verbatimModuleSyntax: false };
}

function exportsOf(program: ts.Program, file: string): string[] {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${file} is not a module`);
  return checker.getExportsOfModule(module).map(symbol => symbol.name);
}

function standsAlone(code: string): boolean {
  return /^\s*import\b/m.test(code);
}

/** The function makes `const app = ...` shadow the preamble's `app`, and `await` possible. */
function wrap(code: string, names: readonly string[]): { text: string; linesBefore: number } {
  if (standsAlone(code)) return { text: `${code}\nexport {};\n`, linesBefore: 0 };
  const used = names.filter(name =>
    new RegExp(`(?<![\\w$])${name.replace(/\$/g, '\\$')}(?![\\w$])`).test(code),
  );
  const header = `import { ${used.join(', ')} } from './preamble.js'; export async function example() {`;
  return { text: `${header}\n${code.replace(/^export /gm, '')}\n}\n`, linesBefore: 1 };
}

function sentence(
  { file, start = 0, messageText }: ts.Diagnostic,
  example: Example,
  linesBefore: number,
): string {
  const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line - linesBefore;
  // The first line says what is wrong; a mismatch of two long types would add a page.
  const [message] = ts.flattenDiagnosticMessageText(messageText, '\n').split('\n');
  return `${example.file}:${example.line + line}: ${message}`;
}
