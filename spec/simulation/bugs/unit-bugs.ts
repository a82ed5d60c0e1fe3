/** Bugs of units of work, looked for under exactly once. */
import type { SeededBug } from './seeded-bug.js';

const guarantee = 'exactly-once';
const twice = / is twice in /;

export const unitBugs: readonly SeededBug[] = [
  {
    name: 'offsets-outside',
    what: "a unit's offsets are committed by the consumer before its outputs are: where the unit fails then, they are lost",
    guarantee,
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
    shows: /is below the committed|never came to/,
  },
  {
    name: 'without-gate',
    what: 'what a group has committed is read when a partition is assigned, before the unit is open: a commit of the former owner that is decided then is not seen',
    guarantee,
    replacements: [
      {
        file: 'lib/drivers/memory/assigned-readers.ts',
        find: '  #readers: Readers = new Map();\n',
        replace:
          '  #readers: Readers = new Map();\n  readonly #early = new Map<PartitionReader, Committed>();\n',
      },
      {
        file: 'lib/drivers/memory/assigned-readers.ts',
        find: '    this.#gates.close(readers.values());\n',
        replace:
          '    this.#early.clear();\n' +
          '    for (const reader of readers.values()) this.#early.set(reader, this.#context.group.committed(reader));\n' +
          '    this.#gates.close(readers.values());\n',
      },
      {
        file: 'lib/drivers/memory/assigned-readers.ts',
        find: '    this.#gates.close(rewound);\n',
        replace:
          '    for (const reader of rewound) this.#early.set(reader, this.#context.group.committed(reader));\n' +
          '    this.#gates.close(rewound);\n',
      },
      {
        file: 'lib/drivers/memory/assigned-readers.ts',
        find: 'committedFor(this.#context.group.committed(reader), topicId)',
        replace: 'committedFor(this.#early.get(reader) ?? this.#context.group.committed(reader), topicId)',
      },
    ],
    // What is read again is also committed again.
    shows: / is twice in |commits never go back/,
  },
  {
    name: 'letters-outside',
    what: "dead letters are written by the app's own producer: where their unit fails they stay, and come again",
    guarantee,
    replacements: [
      {
        file: 'lib/flow/sinks/topic-channels.ts',
        find: '  #enter(slot: number): TopicChannel {\n',
        replace:
          '  get own(): TopicChannel {\n    return this.#entered[0] ?? this.#enter(0);\n  }\n\n' +
          '  #enter(slot: number): TopicChannel {\n',
      },
      {
        file: 'lib/errors/dead-letters/dead-letters.ts',
        find: 'this.#channels.of(delivery).append(',
        replace: 'this.#channels.own.append(',
      },
    ],
    shows: / is twice in dead-letters/,
  },
  {
    name: 'barrier-hurries',
    what: 'a barrier commits without waiting for what is under way, whose outputs are partly in the unit',
    guarantee,
    replacements: [
      {
        file: 'lib/flow/tasks/all-settled.ts',
        find: '    do await quiet(task);\n' + '    while (!isOver(task) && !task.quiet);\n',
        replace: '',
      },
      {
        file: 'lib/flow/tasks/all-settled.ts',
        find: 'if (isOver(task) || task.unsettled > 0) return false;',
        replace: 'if (isOver(task)) return false;',
      },
      {
        file: 'lib/flow/tasks/task-unit.ts',
        find: 'if (task.opened === this.#begunAt || offsets.length === 0) {',
        replace: 'if (offsets.length === 0) {',
      },
    ],
    // A record that no unit takes has others beside it each time, and never comes to be refused alone.
    shows: new RegExp(`${twice.source}| units of work failed one after the other`),
  },
  {
    name: 'unit-after-rewind',
    what: 'a unit of which a record was refused goes on when its records come again, with what it had written before',
    guarantee,
    replacements: [
      {
        file: 'lib/flow/tasks/task-unit.ts',
        find: '  #failed = false;\n\n',
        replace: '  #failed = false;\n  #kept: readonly [Way, Way] | undefined;\n\n',
      },
      {
        file: 'lib/flow/tasks/task-unit.ts',
        find: '    const ways = await this.#openBoth();\n',
        replace:
          '    const kept = this.#kept;\n' +
          '    this.#kept = undefined;\n' +
          '    if (kept?.every(({ unit }) => unit.failure === undefined)) {\n' +
          '      this.#task = task;\n' +
          '      this.#ways = kept;\n' +
          '      this.#failed = false;\n' +
          '      task.writeTo(kept[0].channel.slot);\n' +
          '      for (const { unit } of kept) unit.excuse();\n' +
          '      this.#goOn(task);\n' +
          '      return;\n' +
          '    }\n' +
          '    const ways = await this.#openBoth();\n',
      },
      {
        file: 'lib/flow/tasks/task-unit.ts',
        find: '    const closed = this.#close(ways);\n',
        replace:
          '    const goesOn = this.#failed && ways.every(({ unit }) => unit.failure === undefined);\n' +
          '    if (goesOn) this.#kept = ways;\n' +
          '    const closed = goesOn ? Promise.resolve() : this.#close(ways);\n',
      },
    ],
    // Or what is refused in it settles never.
    shows: / is twice in | came to |^no app fails without a fault: .*has not settled/,
  },
  {
    name: 'never-alone',
    what: 'a unit that fails is tried again in two records at least: what the brokers refuse for good never gets its policy, and nothing goes on',
    guarantee,
    replacements: [
      {
        file: 'lib/flow/tasks/unit-pace.ts',
        find: 'this.#maxRecords = Math.max(1, Math.floor(held / shrinking));',
        replace: 'this.#maxRecords = Math.max(2, Math.floor(held / shrinking));',
      },
    ],
    shows: /^everything comes to rest: /,
  },
];
