/**
 * Which way imports may point. The whole is `demos -> operators -> lib -> lib/drivers/port`: a file knows what it stands
 * on and never what stands on it, so that a driver can be written, or an operator read, without the rest.
 */
import type { Import } from './imports.js';

export interface Rule {
  readonly name: string;
  /** Whether this import breaks the rule. */
  forbids(one: Import): boolean;
}

const port = 'lib/drivers/port.ts';

/** What the units of work of all drivers have in common, the simulated one's too. */
const ofUnits = ['unit-errors', 'unit-outputs'].map(name => `lib/drivers/${name}.ts`);

/** What is below the port as well as above it: plain modules that drivers share with the library. */
const foundations = [
  'lib/card/issuers.ts',
  'lib/card/number-run.ts',
  'lib/card/redact-text.ts',
  'lib/card/search.ts',
  'lib/card/symbols.ts',
  'lib/base/available-in.ts',
  'lib/base/check-start-from.ts',
  'lib/base/clock.ts',
  'lib/base/compare.ts',
  'lib/base/drain-bound-ms.ts',
  'lib/base/longest-delivery-ms.ts',
  'lib/base/name-kinds.ts',
  'lib/base/nearest-name.ts',
  'lib/base/new-id.ts',
  'lib/base/option-kinds.ts',
  'lib/base/option-schema.ts',
  'lib/base/commit-metadata.ts',
  'lib/base/partition-key.ts',
  'lib/base/shown-variable.ts',
  'lib/base/topic-name.ts',
  'lib/base/true-bytes.ts',
  'lib/base/disregard.ts',
  'lib/base/unite.ts',
  'lib/base/with-defaults.ts',
  'lib/base/for-all-copies.ts',
  'lib/record/coordinates-only.ts',
  'lib/errors/errors.ts',
  'lib/errors/field-of.ts',
  'lib/errors/is-instance.ts',
  'lib/record/headers.ts',
  'lib/record/record-kinds.ts',
  'lib/record/outgoing.ts',
  'lib/logging/logger.ts',
  'lib/base/queue.ts',
  'lib/base/transactional-id.ts',
  'lib/errors/withheld.ts',
];

/** Of compression, each loaded at the first batch that needs it. */
const codecs = ['snappy', 'lz4-napi', '@bokuweb/zstd-wasm'];

export const rules: readonly Rule[] = [
  {
    name: 'lib imports nothing of operators, demos, spec and bench',
    forbids: ({ from, to }) => within(from, 'lib') && within(to, 'operators', 'demos', 'spec', 'bench'),
  },
  {
    name: 'operators import nothing of demos, spec and bench, and no driver but the port',
    forbids: ({ from, to }) =>
      within(from, 'operators') &&
      (within(to, 'demos', 'spec', 'bench') || (within(to, 'lib/drivers') && to !== port)),
  },
  {
    name: 'lib knows the port and no driver, but for testing, which runs on the embedded broker',
    forbids: ({ from, to }) =>
      within(from, 'lib') &&
      !within(from, 'lib/drivers') &&
      within(to, 'lib/drivers') &&
      to !== port &&
      !(within(from, 'lib/testing') && (to === 'lib/drivers/memory/index.ts' || ofUnits.includes(to))),
  },
  {
    name: 'drivers import nothing above the port but what is below it too',
    forbids: ({ from, to }) =>
      within(from, 'lib/drivers') &&
      within(to, 'lib', 'operators') &&
      !within(to, 'lib/drivers') &&
      !foundations.includes(to),
  },
  {
    name: 'no driver imports another driver',
    forbids: ({ from, to }) => {
      const own = /^lib\/drivers\/[^/]+\//.exec(from)?.[0];
      const other = /^lib\/drivers\/[^/]+\//.exec(to)?.[0];
      return within(from, 'lib/drivers') && other !== undefined && other !== own;
    },
  },
  {
    name: 'what is on both sides of the port imports nothing of lib but its like',
    forbids: ({ from, to }) =>
      (foundations.includes(from) || from === port) &&
      within(to, 'lib') &&
      !foundations.includes(to) &&
      to !== port,
  },
  {
    name: 'nothing of the library imports lib/testing',
    forbids: ({ from, to }) =>
      within(from, 'lib', 'operators') && !within(from, 'lib/testing') && within(to, 'lib/testing'),
  },
  {
    name: 'demos use the library by its entry points, as its users do',
    forbids: ({ from, to }) => within(from, 'demos') && within(to, 'lib', 'operators', 'spec', 'bench'),
  },
  {
    name: 'only the kafkajs driver imports kafkajs',
    forbids: ({ from, to }) => within(to, 'kafkajs') && !within(from, 'lib/drivers/kafkajs'),
  },
  {
    name: "only the kafkajs driver's compression imports the packages of codecs",
    forbids: ({ from, to }) => within(to, ...codecs) && !within(from, 'lib/drivers/kafkajs/compression'),
  },
  {
    name: 'only lib/codecs/io-ts.ts imports io-ts and fp-ts',
    forbids: ({ from, to }) =>
      within(from, 'lib', 'operators') && within(to, 'io-ts', 'fp-ts') && from !== 'lib/codecs/io-ts.ts',
  },
  {
    name: 'only the machines of stores and states on LMDB import lmdb',
    forbids: ({ from, to }) =>
      within(to, 'lmdb') && from !== 'lib/stores/lmdb-machine.ts' && from !== 'lib/state/lmdb/machine.ts',
  },
  {
    name: 'the library needs no package but rxjs and the peers',
    forbids: ({ from, to }) =>
      within(from, 'lib', 'operators') &&
      !within(to, 'lib', 'operators', 'rxjs', 'io-ts', 'fp-ts', 'kafkajs', 'lmdb', ...codecs) &&
      !to.startsWith('node:'),
  },
];

function within(path: string, ...folders: readonly string[]): boolean {
  return folders.some(folder => path === folder || path.startsWith(`${folder}/`));
}
