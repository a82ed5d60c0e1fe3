/** The seeded bugs of spec/chaos, as the simulated system can have them. */
import { lost, type SeededBug } from './seeded-bug.js';

export const chaosBugs: readonly SeededBug[] = [
  {
    name: 'commit-before-ack',
    what: 'topic sinks let go of a record when it was appended, before the broker has it',
    replacements: [
      {
        file: 'lib/flow/sinks/topic-channel.ts',
        find: 'this.#pending.push(partition, deliveries);',
        replace: 'releaseAll(deliveries);',
      },
    ],
    shows: lost,
  },
  {
    name: 'commit-highest',
    what: 'the watermark follows the newest settled delivery, whatever is open below it',
    replacements: [
      {
        file: 'lib/flow/commit/watermark.ts',
        find: 'const distance = sequence - this.#head;\n    if (distance < 0) return false;',
        replace:
          'if (sequence < this.#head) {\n      this.#settled++;\n      return false;\n    }\n' +
          '    this.#head = sequence;\n    const distance: number = 0;',
      },
    ],
    shows: lost,
  },
  {
    name: 'no-epoch-check',
    what: 'what settles after its epoch has ended is committed under whatever generation the member has by then',
    replacements: [
      {
        file: 'lib/flow/source/dispatcher.ts',
        find: "    if (lane.ended) {\n      lane.host.dropped('stale-epoch', 1);\n      return;\n    }\n    const before",
        replace:
          '    if (lane.ended) {\n      this.#passed(lane, delivery.sequence, delivery.offset + 1);\n      return;\n    }\n' +
          '    const before',
      },
      {
        file: 'lib/flow/commit/dirty-lanes.ts',
        find: '      if (lane.ended) continue;\n',
        replace: '',
      },
      {
        file: 'lib/flow/commit/dirty-lanes.ts',
        find: '    return this.#laneOf.get(offset)?.ended === false;\n',
        replace: '    return this.#laneOf.has(offset);\n',
      },
      {
        file: 'lib/drivers/memory/memory-consumer.ts',
        find: 'this.#readers.get(offset)?.epoch !== offset.epoch',
        replace: 'this.#readers.get(offset) === undefined',
      },
      // The stores' part in it knows no epochs either.
      {
        file: 'lib/app/start-up.ts',
        find: '    laneAt: partition => lanes.at(partition),\n',
        replace: '    laneAt: partition => lanes.of(partition),\n',
      },
    ],
    shows: /is below the committed|never came to|commits never go back|only who has a partition/,
  },
  {
    name: 'begin-behind-the-first',
    what: 'a partition of a found topic begins behind its first batch',
    replacements: [
      {
        file: 'lib/app/rebalance.ts',
        find: '  batch(batch: FetchedBatch): void {\n',
        replace:
          '  readonly #begun = new Set<string>();\n\n' +
          '  batch(batch: FetchedBatch): void {\n' +
          "    const place = [batch.topic, batch.partition].join('-');\n" +
          "    const isFirst = batch.topic.endsWith('-found') && !this.#begun.has(place);\n" +
          '    this.#begun.add(place);\n' +
          '    if (isFirst) while (batch.next() !== undefined);\n',
      },
    ],
    shows: lost,
  },
  {
    name: 'name-for-id',
    what: 'a topic that was made anew is taken for the one before it, since ids are names',
    replacements: [
      {
        file: 'lib/drivers/memory/memory-connection.ts',
        find: '    const all = this.#cluster.describe();\n',
        replace: '    const all = this.#cluster.describe().map(topic => ({ ...topic, id: topic.name }));\n',
      },
      {
        file: 'lib/drivers/memory/assigned-readers.ts',
        find: 'const topicId = cluster.topicId(at.topic);',
        replace: 'const topicId = cluster.topicId(at.topic) === undefined ? undefined : at.topic;',
      },
    ],
    shows: /is ahead of its topic|is below the committed|never came to|comes to rest|health\(\) says why/,
  },
  {
    name: 'offsets-of-the-old',
    what: 'a found topic goes on where another, longer one of its name was',
    replacements: [
      {
        file: 'lib/app/group-member.ts',
        find: '    await this.#target?.commit(offsets);\n',
        replace:
          '    const ahead = (at: OffsetCommit): OffsetCommit => ({ ...at, offset: at.offset + 5_000 });\n' +
          "    await this.#target?.commit(offsets.map(at => (at.topic.endsWith('-found') ? ahead(at) : at)));\n",
      },
    ],
    // A store is told the offset first.
    shows: /commits stay within the log|is ahead of its topic/,
  },
  {
    name: 'old-comes-back',
    what: 'what was written is written again 25 s later',
    replacements: [
      {
        file: 'lib/flow/sinks/topic-sink.ts',
        find: '      this.#channels.of(deliveries).append(partition, key, value, headers, timestamp, deliveries);\n',
        replace:
          '      this.#channels.of(deliveries).append(partition, key, value, headers, timestamp, deliveries);\n' +
          '      const unheard = { acknowledged: () => {}, refused: () => {} };\n' +
          '      const echo = this.#parts.outputs.channel(0).output(this.#topic, partition, unheard);\n' +
          '      const [keyAgain, valueAgain] = [key && Buffer.from(key), value && Buffer.from(value)];\n' +
          '      this.host.clock.schedule(() => echo.append(keyAgain, valueAgain, headers, timestamp), 25_000);\n',
      },
    ],
    shows: / times in \w+, and was read /,
  },
  {
    name: 'slow-revoke',
    what: 'a member keeps partitions that it has drained for 12 s more',
    replacements: [
      {
        file: 'lib/app/rebalance.ts',
        find: "    lifecycle.tell({ type: 'revoked', partitions, pending: this.letGo(partitions) });\n",
        replace:
          "    lifecycle.tell({ type: 'revoked', partitions, pending: this.letGo(partitions) });\n" +
          '    await new Promise<void>(resolve => clock.schedule(resolve, 12_000));\n',
      },
    ],
    shows: /a drain with nothing under way ends soon|a drain ends within its bound/,
  },
];
