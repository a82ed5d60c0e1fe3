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
        file: 'lib/app/states/kept-tasks.ts',
        find: '    const states = this.#tasks.get(task) ?? ',
        replace:
          '    this.#outside ??= (connected as DriverConnection).producer({ maxRecordBytes: 1e6, deliveryTimeoutMs: 1e5 });\n' +
          '    const outside = this.#outside;\n' +
          '    void outside.prepare(handles.map(({ name }) => this.#parts.changelogOf(name))).catch(() => {});\n' +
          '    const states = this.#tasks.get(task) ?? ',
      },
      {
        file: 'lib/app/states/kept-tasks.ts',
        find: '  readonly #budget = new RestoreBudget();\n',
        replace: '  readonly #budget = new RestoreBudget();\n  #outside: DriverProducer | undefined;\n',
      },
      {
        file: 'lib/app/states/kept-tasks.ts',
        find: '  DriverConnection,\n',
        replace: '  DriverConnection,\n  DriverProducer,\n',
      },
      {
        file: 'lib/app/states/kept-tasks.ts',
        find: 'sealed(states, unit, offsets),',
        replace: 'sealed(states, unit, offsets, outside),',
      },
      {
        file: 'lib/app/states/kept-tasks.ts',
        find: 'unit: UnitProducer, offsets: readonly OffsetCommit[]): SealedStates {',
        replace:
          'unit: UnitProducer, offsets: readonly OffsetCommit[], outside: DriverProducer): SealedStates {',
      },
      {
        file: 'lib/app/states/kept-tasks.ts',
        find: '    return (key, value, timestamp, more = noHeaders) =>\n      output.append(',
        replace:
          '    const nobody = { acknowledged: () => {}, refused: () => {} };\n' +
          "    const other = topic === '' ? output : outside.output({ topic, partition }, nobody);\n" +
          '    return (key, value, timestamp, more = noHeaders) =>\n      other.append(',
      },
    ],
    shows:
      / has no cut, and |: the last cut is \d+, and |: cut \d+ (says|has|is)| is 0 times in |the changelogs of its states hold|are of different cuts: /,
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
        find: '      lying.overlay = new Overlay(backend, { ...overlayOptions(this.#parts), numbers });\n',
        replace:
          '      lying.overlay ??= new Overlay(backend, { ...overlayOptions(this.#parts), numbers });\n',
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
    shows:
      /: cut \d+ says that it is | the changelogs of its states (hold|end) |: what comes then does not show yet/,
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
    // Mostly it heals: what a commit tells of and a changelog does not show is waited for, which may hold up a drain.
    shows:
      / the changelogs of its states hold |: cut \d+ (says that it is|has) |^a drain with nothing under way ends soon: /,
    within: 3_000,
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
        find: '    const numbers = cut && new Map(Object.entries(cut.numbers));\n',
        replace: '    const numbers = cut && new Map<string, number>();\n',
      },
    ],
    shows: /: cut \d+ has /,
    // A restore in another process, and then a record for a window that was closed before.
    within: 500,
  },
  {
    name: 'last-result-stays-held',
    what: 'of the results that are held back until the commit the last one is not handed on',
    system,
    replacements: [
      {
        file: 'lib/state/processors/held-until-commit.ts',
        find: '      output.result(key, window, value, timestamp, isNew);\n',
        replace: '      if (this.#held.size > 0) output.result(key, window, value, timestamp, isNew);\n',
      },
    ],
    shows: / is committed as \d+, and \d+ never came to /,
  },
  {
    name: 'timers-die-with-the-process',
    what: 'timers in stream time are not in the changelog: who restores the state has none of those that were set',
    system,
    replacements: [
      {
        file: 'lib/state/layouts.ts',
        find: "    'stream-timers-by-due': { values: 'mark', log: 'beside' },\n",
        replace: "    'stream-timers-by-due': { values: 'mark', log: 'no' },\n",
      },
    ],
    // One that is set again later fires at another count.
    shows: / is due, and never came to timers| came to timers, and is not due/,
  },
  {
    name: 'held-results-die-with-the-process',
    what: 'results that wait for their time are not in the changelog: who restores the state has none of them to hand on',
    system,
    replacements: [
      {
        file: 'lib/state/layouts.ts',
        find: "    held: { values: 'state-or-null', log: 'beside' },\n",
        replace: "    held: { values: 'state-or-null', log: 'no' },\n",
      },
    ],
    shows: /^everything comes to rest: .*=\d+ never came to /,
  },
  {
    name: 'idle-for-ever',
    what: 'when windows are closed by the clock is reckoned once, by a stream time that others still hold back',
    system,
    replacements: [
      {
        file: 'operators/state/idle-closing.ts',
        find: '    if (!this.#alarm.isSet || isTooLong) this.#wait(afterMs);\n',
        replace: '    if (!this.#alarm.isSet || (isTooLong && false)) this.#wait(afterMs);\n',
      },
    ],
    shows: /^everything comes to rest: .* records, \d+ late, and /,
  },
];
