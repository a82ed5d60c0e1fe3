/**
 * Faults that use found in the library before there was a simulator, put back on purpose: each under its number in the list of those.
 */
import { lost, type SeededBug } from './seeded-bug.js';

export const faultRows: readonly SeededBug[] = [
  {
    name: 'fault-2',
    what: 'a member whose group may have gone on without it notes its old position in a store, which goes back',
    replacements: [
      {
        file: 'lib/flow/commit/resume-points.ts',
        find: 'if (!this.#parts.confirmed()) throw unconfirmed();',
        replace: 'if (this.#parts.confirmed === undefined) throw unconfirmed();',
      },
      {
        file: 'lib/stores/memory-store.ts',
        find: 'noted.set(key, Math.max(offset, noted.get(key) ?? offset));',
        replace: 'noted.set(key, offset);',
      },
    ],
    shows: /positions of a store never go back/,
  },
  {
    name: 'fault-3',
    what: 'what batch and through hand on is committed, also where a plain operator behind them threw',
    replacements: [
      {
        file: 'lib/flow/leases/leases.ts',
        find:
          '    if (host !== undefined && (!host.live || (destination.closed && host.endings === endings)))\n' +
          '      holdAll(deliveries);\n',
        replace: '',
      },
    ],
    shows: lost,
  },
  {
    name: 'fault-5',
    what: 'a partition without a commit is taken for one of a new group, and begins at its end with startFrom latest',
    replacements: [
      {
        file: 'lib/drivers/group-beginning.ts',
        find: 'isFirst(topicId: string, partition: number): boolean {\n',
        replace:
          'isFirst(topicId: string, partition: number): boolean {\n    if (topicId.length + partition > 0) return true;\n',
      },
    ],
    shows: lost,
  },
  {
    name: 'fault-6',
    what: 'offsets of a topic that was deleted are committed under its name, and taken for those of the one made anew',
    replacements: [
      {
        file: 'lib/drivers/memory/assigned-readers.ts',
        find: 'if (reader?.reads(cluster.find(commit)))',
        replace: 'if (reader !== undefined)',
      },
      {
        file: 'lib/drivers/memory/assigned-readers.ts',
        find: 'return [committedOf(commit, reader.topicId, ',
        replace: 'return [committedOf(commit, undefined, ',
      },
    ],
    // An offset beyond the end of the new one is never reached, either.
    shows: /is below the committed|never came to|everything comes to rest/,
  },
  {
    name: 'fault-8',
    what: "a store that was lost is taken for another member's, and is never filled again",
    replacements: [
      {
        file: 'lib/flow/commit/new-stores.ts',
        find: "if (found.length === 0) return 'added';",
        replace: "if (found.length >= 0) return 'other-member';",
      },
    ],
    shows: /and not in the store|never came to the store/,
  },
  {
    name: 'fault-21',
    what: 'a commit that names a topic which was deleted is tried again, and the drain waits for it',
    replacements: [
      {
        file: 'lib/drivers/memory/memory-consumer.ts',
        find: '    if (failure !== undefined) return failure;\n',
        replace:
          '    if (failure !== undefined) return failure;\n' +
          '    if (offsets.some(at => this.#cluster.find(at) === undefined))\n' +
          "      return new KafkaRxError('COMMIT_FAILED', 'This server does not host this topic-partition', { retriable: true });\n",
      },
    ],
    shows: /a drain with nothing under way ends soon/,
  },
  {
    name: 'fault-23',
    what: 'a view that ends stops the partitions of its topic for all, and nothing says so',
    replacements: [
      {
        file: 'lib/app/lifecycle/unheard-views.ts',
        find: '} else if (end === undefined) {',
        replace: '} else if (end === undefined && view.isHeard) {',
      },
    ],
    shows: /health\(\) says why whenever nothing moves/,
  },
  {
    name: 'fault-24',
    what: 'what a branch that may end has under way is held for ever, and nothing more is committed',
    replacements: [
      {
        file: 'lib/errors/policies/policy-host.ts',
        find: 'if (this.#ending > 0) this.#givenUp.push(deliveries);\n    else holdAll(deliveries);',
        replace: 'holdAll(deliveries);',
      },
    ],
    shows: /everything comes to rest|no app fails without a fault/,
  },
  {
    name: 'fault-33',
    what: 'the tries of a store write go on when the partition was given up',
    replacements: [
      {
        file: 'lib/flow/leases/retries.ts',
        find: "    for (const { signal } of lanes) signal.addEventListener('abort', epochEnded);\n",
        replace: '',
      },
      {
        file: 'lib/flow/sinks/store-writes.ts',
        find: '  if (!isStale(record)) return true;\n',
        replace: '  if (!isStale(record) || !begun) return true;\n',
      },
    ],
    shows: /only who has a partition writes its documents/,
  },
  {
    name: 'fault-34',
    what: 'app.each goes on with the records behind one that has failed the app',
    replacements: [
      {
        file: 'lib/flow/sinks/each-sink.ts',
        find: '    if (endedBefore(record)) {\n      done();\n      return;\n    }\n',
        replace: '',
      },
    ],
    shows: /app\.each was called with purchase/,
  },
];
