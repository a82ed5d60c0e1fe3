/** Bugs of states, looked for in the system that counts. */
import type { SeededBug } from './seeded-bug.js';

const system = 'counts';

export const stateBugs: readonly SeededBug[] = [
  {
    name: 'cut-offsets-outside',
    what: "a task's offsets are committed by the consumer before the unit that holds its cut is",
    system,
    replacements: [
      {
        file: 'lib/app/start-up.ts',
        find: '    through: unit => resume.notedBefore(unit),\n',
        replace:
          '    through: unit => ({\n' +
          '      commit: async offsets => {\n' +
          '        await member.commit(offsets);\n' +
          '        await unit.commit(offsets);\n' +
          '      },\n' +
          '    }),\n',
      },
    ],
    shows: / has no cut, and |: the last cut is \d+, and /,
  },
  {
    name: 'applied-before-commit',
    what: 'what a unit has changed is taken for committed when it was sealed: where the unit fails it is counted twice',
    system,
    replacements: [
      {
        file: 'lib/flow/tasks/settled-unit.ts',
        find: '    return states?.seal(producer, offsets);\n',
        replace:
          '    const sealed = states?.seal(producer, offsets);\n' +
          '    sealed?.committed();\n' +
          '    return sealed;\n',
      },
      {
        file: 'lib/flow/tasks/task-unit.ts',
        find: '    states?.committed();\n    this.#committed = offsets;\n',
        replace: '    this.#committed = offsets;\n',
      },
    ],
    shows: /: cut \d+ (has|says)| is 0 times in |the changelogs of its states hold/,
  },
  {
    name: 'changelog-outside',
    what: 'changes of a state are written outside of the unit, and stay where it fails',
    system,
    replacements: [
      {
        file: 'lib/app/states/app-states.ts',
        find: '    const states =\n      this.#tasks.get(task) ??\n',
        replace:
          '    this.#outside ??= (this.#connection as DriverConnection).producer({ maxRecordBytes: 1e6, deliveryTimeoutMs: 1e5 });\n' +
          '    const outside = this.#outside;\n' +
          '    void outside.prepare(this.#changelogs).catch(() => {});\n' +
          '    const states =\n      this.#tasks.get(task) ??\n',
      },
      {
        file: 'lib/app/states/app-states.ts',
        find: "  #connection: Pick<DriverConnection, 'reader' | 'topics' | 'admin'> | undefined;\n",
        replace:
          "  #connection: Pick<DriverConnection, 'reader' | 'topics' | 'admin'> | undefined;\n" +
          '  #outside: DriverProducer | undefined;\n',
      },
      {
        file: 'lib/app/states/app-states.ts',
        find: '  DriverConnection,\n',
        replace: '  DriverConnection,\n  DriverProducer,\n',
      },
      {
        file: 'lib/app/states/app-states.ts',
        find: 'sealed(states, unit, offsets),',
        replace: 'sealed(states, unit, offsets, outside),',
      },
      {
        file: 'lib/app/states/app-states.ts',
        find: 'unit: UnitProducer, offsets: readonly OffsetCommit[]): SealedStates {',
        replace:
          'unit: UnitProducer, offsets: readonly OffsetCommit[], outside: DriverProducer): SealedStates {',
      },
      {
        file: 'lib/app/states/app-states.ts',
        find:
          '    return (key, value, timestamp, more = noHeaders) =>\n' +
          '      output.append(key, value, more.length === 0 ? headers : [...headers, ...more], timestamp);\n',
        replace:
          '    const nobody = { acknowledged: () => {}, refused: () => {} };\n' +
          "    const other = topic === '' ? output : outside.output({ topic, partition }, nobody);\n" +
          '    return (key, value, timestamp, more = noHeaders) =>\n' +
          '      other.append(key, value, more.length === 0 ? headers : [...headers, ...more], timestamp);\n',
      },
    ],
    shows:
      / has no cut, and |: the last cut is \d+, and |: cut \d+ (says|has|is)|the changelogs of its states hold/,
  },
  {
    name: 'overlay-stays',
    what: 'what was not committed is not dropped when a unit fails, nor by the restore that follows',
    system,
    replacements: [
      {
        file: 'lib/state/task-states.ts',
        find: '    for (const { overlay } of this.#lying ?? []) overlay.abort();\n',
        replace: '',
      },
      {
        file: 'lib/state/task-states.ts',
        find: '      lying.overlay = new Overlay(backend, { clock: this.#parts.clock });\n',
        replace: '      lying.overlay ??= new Overlay(backend, { clock: this.#parts.clock });\n',
      },
    ],
    shows: /: cut \d+ has /,
  },
  {
    name: 'restore-ends-early',
    what: 'a restore leaves the rows of its last answer out, and takes the place behind them for its own',
    system,
    replacements: [
      {
        file: 'lib/state/restore.ts',
        find: '        const told = chunk.add(record);\n',
        replace:
          '        const isLast = batch.nextOffset >= batch.endOffset;\n' +
          '        const told = (isLast ? new Chunk(log) : chunk).add(record);\n',
      },
    ],
    shows: /: cut \d+ has /,
  },
  {
    name: 'restore-without-end',
    what: 'a restore ends before its last answer: the cut that the group has committed is not found',
    system,
    replacements: [
      {
        file: 'lib/state/restore.ts',
        find: '      if (!parts.wanted()) throw givenUp(log, at);\n',
        replace:
          '      if (!parts.wanted()) throw givenUp(log, at);\n' +
          '      if (batch.nextOffset >= batch.endOffset) break;\n',
      },
    ],
    shows: /: cut \d+ says that it is | the changelogs of its states hold /,
  },
  {
    name: 'no-fence-before-restore',
    what: 'a task is restored before its units are opened: what the former owner commits meanwhile is not seen',
    system,
    replacements: [
      {
        file: 'lib/flow/tasks/task-unit.ts',
        find: '    const ways = await this.#openBoth();\n    await this.#restore(task, ways);\n',
        replace: '    await this.#restore(task, []);\n    const ways = await this.#openBoth();\n',
      },
    ],
    shows: / the changelogs of its states hold /,
  },
  {
    name: 'internal-outside',
    what: "records for an internal topic are written by the app's own producer: where their unit fails they stay, and come again",
    system,
    replacements: [
      {
        file: 'lib/flow/sinks/topic-channels.ts',
        find: 'this.#internal ? lane?.internalSlot : lane?.outputSlot',
        replace: 'this.#internal ? 0 : lane?.outputSlot',
      },
    ],
    shows: /is \d+ times in .*-repartition/,
  },
  {
    name: 'numbers-of-no-cut',
    what: 'a restore begins with the numbers of no cut: windows that were closed are opened again',
    system,
    replacements: [
      {
        file: 'lib/state/task-states.ts',
        find: '          numbers: new Map(Object.entries(cut.numbers)),\n',
        replace: '          numbers: new Map(),\n',
      },
    ],
    shows: /: cut \d+ has /,
    // A restore in another process, and then a record for a window that was closed before.
    within: 500,
  },
];
