/**
 * Everything that is exported, walked over: each argument of each function refuses what it cannot be with `CONFIGURATION` and
 * its name, and never with a TypeError from somewhere inside. What is exported and stands in no table fails the first test.
 */
import * as core from 'kafka-rx';
import * as ioTs from 'kafka-rx/io-ts';
import * as kafkajsEntry from 'kafka-rx/kafkajs';
import * as lmdbEntry from 'kafka-rx/lmdb';
import * as memoryEntry from 'kafka-rx/memory';
import * as operators from 'kafka-rx/operators';
import * as states from 'kafka-rx/state';
import * as testing from 'kafka-rx/testing';
import * as workers from 'kafka-rx/workers';
import { NEVER } from 'rxjs';

const { createApp, isKafkaRxError, KafkaRxError, memoryMetrics, memoryStore, noHeaders, string } = core;
const { MemoryBroker, memory } = memoryEntry;
const { testApp, testRecord, VirtualClock } = testing;

/** What one argument refuses. */
interface Argument {
  /** As the error names it. */
  readonly name: string;
  readonly wrong: readonly unknown[];
  call(one: never): unknown;
}

/** Arguments of a function, or why there is nothing to refuse. */
type Entry = readonly Argument[] | string;
type Table = Readonly<Record<string, Entry>>;

const noObject = [null, 5, 'text', [], new Map(), new Date(0), () => {}, Symbol('none'), 5n];
const noFunction = [undefined, null, 5, 'text', {}, [], new Map(), Symbol('none'), 5n];
const noText = [undefined, null, 5, 4_111_111_111_111_111, {}, [], () => {}, Symbol('none'), 5n];
const noName = [...noText, ''];
const noNumber = [
  null,
  '5',
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -1,
  {},
  [],
  true,
  5n,
];
const noCount = [...noNumber, undefined, 0, 1.5];
const noOffset = [...noNumber, undefined, 0.5];
const noThing = [undefined, null, 5, 'text', {}, [], Symbol('none'), 5n];
const noBytes = [undefined, null, 5, 'text', {}, [], Symbol('none'), 5n];
const noList = [undefined, null, 5, {}, new Map(), Symbol('none'), 5n, () => {}];
const noTopic = [...noText, '', 'a b', '.', 'a/b'];

function argument(name: string, wrong: readonly unknown[], call: (one: never) => unknown): Argument {
  return { name, wrong, call };
}

const driver = memory();
const sink = createApp({ groupId: 'g', driver }).each(() => {});
const at = { topic: 'in', partition: 0, offset: 0 };
const make = () => 1;
const stream = (of: (source: never) => unknown) => argument('the source', noThing, of);
/** An operator that takes a function and options. */
const ofFunction = (operator: (call: never, options?: never) => (source: never) => unknown): Entry => [
  argument('the function', noFunction, one => operator(one)),
  argument('the options', noObject, one => operator(make as never, one)),
  stream(operator(make as never)),
];

const ofCore: Table = {
  KafkaRxError: 'is what is thrown: one that refused its own making would hide what went wrong',
  bytes: 'a codec: what it cannot encode or decode is ENCODE or DECODE',
  number: 'a codec, as bytes',
  string: 'a codec, as bytes',
  noHeaders: 'a list',
  deadLetterPrefix: 'text',
  replayPrefix: 'text',
  silentLogger: 'hears nothing, whatever it is told',
  systemClock: 'Node’s timers, which take what they are given; not for users to call',
  memoryMetrics: 'takes nothing',
  isKafkaRxError: 'says no to what it does not know',
  isCardNumber: 'says no to what is no text',
  isMaskedCardNumber: 'says no to what is no text',
  commitInOrder: [stream(core.commitInOrder())],
  commitTo: [
    argument('the target', [...noThing, { commit: 5 }], one => core.commitTo(one)),
    argument('the options', noObject, one => core.commitTo({ commit: async () => {} }, one)),
    stream(core.commitTo({ commit: async () => {} })),
  ],
  createApp: [argument('the options', [...noObject, undefined], one => createApp(one))],
  isOfTopic: [
    argument('the origin', [null, 5, {}], one => core.isOfTopic(one, 'c/t', 't')),
    argument('own', [undefined, null, 5, {}], one => core.isOfTopic('c/t', one, 't')),
    argument('the topic', [undefined, null, 5, {}], one => core.isOfTopic('c/t', 'c/t', one)),
  ],
  originOf: [
    argument('the cluster', [...noThing, { clusterId: 5 }], one => core.originOf(one, { id: 't' })),
    argument('the topic', [...noThing, { id: 5 }], one => core.originOf({ clusterId: 'c' }, one)),
  ],
  json: [
    argument('json', [undefined, null, 5, 'text', {}, []], one => core.json(one)),
    argument('the options', noObject, one => core.json({ decode() {}, encode() {} } as never, one)),
  ],
  maskCardNumber: [argument('the text', noText, one => core.maskCardNumber(one))],
  memoryStore: [
    argument('the name', noName, one => memoryStore(one)),
    argument('the options', noObject, one => memoryStore('s', one)),
  ],
  'memoryStore.failWrites': [
    argument('times', [null, '5', Number.NaN, -1, undefined, 1.5], one => memoryStore('s').failWrites(one)),
  ],
  'memoryMetrics.value': [
    argument('the name', noName, one => memoryMetrics().value(one)),
    argument('the labels', noObject, one => memoryMetrics().value('a', one)),
  ],
  murmur2: [argument('the key', noBytes, one => core.murmur2(one))],
  partitionForKey: [
    argument('the key', noBytes, one => core.partitionForKey(one, 3)),
    argument(
      'partitions',
      noCount.filter(one => one !== undefined),
      one => core.partitionForKey(Buffer.from('a'), one),
    ),
  ],
  nullable: [argument('the codec', noThing, one => core.nullable(one))],
  onSignals: [
    argument('the signals', [...noList, ['SIGTREM'], ['SIGKILL'], 'SIGTERM'], one =>
      core.onSignals(one, () => {}),
    ),
    argument('stop', noFunction, one => core.onSignals([], one)),
    argument('the logger', [null, 5, 'text', {}, [], () => {}], one => core.onSignals([], () => {}, one)),
  ],
  openDeadLetter: [
    argument('the payload', noBytes, one => core.openDeadLetter(one, at, Buffer.alloc(32))),
    argument('at', [...noThing, { topic: 'in', partition: Number.NaN, offset: 0 }], one =>
      core.openDeadLetter(Buffer.alloc(40), one, Buffer.alloc(32)),
    ),
    argument('key', [...noThing, new Map(), Buffer.alloc(31), { env: '' }, { env: 'NO_SUCH' }], one =>
      core.openDeadLetter(Buffer.alloc(40), at, one),
    ),
  ],
  promMetrics: [
    argument('the client', [...noThing, { Counter: 5 }], one => core.promMetrics(one, {})),
    argument('the registry', [undefined, null, 5, 'text', Symbol('none'), 5n], one =>
      core.promMetrics({ Counter: class {}, Gauge: class {}, Histogram: class {} } as never, one),
    ),
  ],
  readDeadLetter: [argument('the headers', noList, one => core.readDeadLetter(one))],
  readReplayedMark: [argument('the headers', noList, one => core.readReplayedMark(one))],
  redact: [
    argument('the text', noText, one => core.redact(one)),
    argument('the options', noObject, one => core.redact('a', one)),
    argument('strict', [null, 1, 'yes'], one => core.redact('a', { strict: one })),
    argument('strikt', [true], one => core.redact('a', { strikt: one } as never)),
  ],
  replayHeaders: [
    argument('the headers', noList, one => core.replayHeaders(one, at, undefined)),
    argument('the letter', noThing, one => core.replayHeaders(noHeaders, one, undefined)),
    argument('to', [null, 5, 'text', { app: 5, node: 'n' }], one => core.replayHeaders(noHeaders, at, one)),
    argument('the record', [null, 5, 'text', {}, { partition: -1, offset: 0 }], one =>
      core.replayHeaders(noHeaders, at, undefined, one),
    ),
  ],
  replayedMark: [
    argument('the record', [...noThing, { partition: Number.NaN, offset: 0 }], one => core.replayedMark(one)),
  ],
  resetGroup: [argument('the options', [...noObject, undefined], one => core.resetGroup(one))],
  retry: [argument('the options', noObject, one => core.retry(one))],
};

const ofOperators: Table = {
  batch: ofFunction(operators.batch as never),
  branch: [
    argument('the source', noThing, one => operators.branch(one, {})),
    argument('the guards', [...noObject, undefined], one => operators.branch(NEVER, one)),
    argument('big', noFunction, one => operators.branch(NEVER, { big: one })),
  ],
  commitTo: 'the one of the core',
  filterValue: ofFunction(operators.filterValue as never),
  flatMapValue: ofFunction(operators.flatMapValue as never),
  mapAsync: ofFunction(operators.mapAsync as never),
  mapKey: ofFunction(operators.mapKey as never),
  mapRecord: ofFunction(operators.mapRecord as never),
  mapValue: ofFunction(operators.mapValue as never),
  mask: [
    argument('path', [...noName, [], [null], [5], [''], '__proto__.a'], one => operators.mask(one)),
    argument('the options', noObject, one => operators.mask('a' as never, one)),
    argument('optional', [null, 1, 'yes'], one => operators.mask('a' as never, { optional: one })),
    argument('pattern', [null, 'x', {}, 5], one => operators.mask('a' as never, { pattern: one })),
    stream(operators.mask('a' as never)),
  ],
  mergeNamed: [
    argument('the name', noName, one => operators.mergeNamed(one, NEVER)),
    argument('stream 0', noThing, one => operators.mergeNamed('all', one)),
  ],
  peek: ofFunction(operators.peek as never),
  project: ofFunction(operators.project as never),
  share: [stream(operators.share())],
  through: [
    argument('the sink', [...noThing, () => {}, { next() {}, error() {}, complete() {} }], one =>
      operators.through(one),
    ),
    argument('the options', noObject, one => operators.through(sink, one)),
    stream(operators.through(sink) as never),
  ],
  tokenize: [
    argument('path', [...noName, [], [null], [5]], one => operators.tokenize(one, { key: Buffer.alloc(32) })),
    argument('the options', [...noObject, undefined], one => operators.tokenize('a' as never, one)),
    argument(
      'key',
      [undefined, null, 5, 'text', {}, [], new Map(), { env: '' }, { env: 5 }, Buffer.alloc(3)],
      one => operators.tokenize('a' as never, { key: one }),
    ),
    stream(operators.tokenize('a' as never, { key: Buffer.alloc(32) })),
  ],
};

const clock = () => new VirtualClock();
const broker = () => {
  const made = new MemoryBroker({ clock: clock() });
  made.createTopic('in', 2);
  return made;
};
const publish = (record: object) => broker().publish('in', [{ value: 'a', ...record } as never]);

const ofMemory: Table = {
  memory: [argument('the options', noObject, one => memory(one))],
  MemoryBroker: [argument('the options', noObject, one => new MemoryBroker(one))],
  'MemoryBroker.createTopic': [
    argument('topic name', noTopic, one => broker().createTopic(one, 1)),
    argument('partitions', noCount, one => broker().createTopic('t', one)),
  ],
  'MemoryBroker.addPartitions': [argument('total', noCount, one => broker().addPartitions('in', one))],
  'MemoryBroker.deleteTopic': [argument('topic name', noTopic, one => broker().deleteTopic(one))],
  'MemoryBroker.configs': [argument('topic name', noTopic, one => broker().configs(one))],
  'MemoryBroker.publish': [
    argument('topic name', noTopic, one => broker().publish(one, [])),
    argument('the records', noList, one => broker().publish('in', one)),
    argument('records.0', [undefined, null, 5, 'text', []], one => broker().publish('in', [one])),
    argument('key', [5, {}, [], true, Symbol('none')], one => publish({ key: one })),
    argument('value', [undefined, 5, {}, [], true], one => publish({ value: one })),
    argument('headers', [null, 5, {}, [5], [{ key: 5, value: null }], [{ key: 'a', value: 'text' }]], one =>
      publish({ headers: one }),
    ),
    argument('timestamp', [...noNumber.filter(one => one !== -1), -2, 0.5, new Date(0)], one =>
      publish({ timestamp: one }),
    ),
    argument('partition', [...noNumber, 0.5], one => publish({ partition: one })),
    argument('kye', ['k'], one => publish({ kye: one })),
  ],
  'MemoryBroker.transaction': [
    argument('the records', noList, one => broker().transaction().publish('in', one)),
  ],
  'MemoryBroker.records': [argument('topic name', noTopic, one => broker().records(one))],
  'MemoryBroker.endOffsets': [argument('topic name', noTopic, one => broker().endOffsets(one))],
  'MemoryBroker.offsets': [
    argument('topic name', noTopic, one => broker().offsets(one, 'latest')),
    argument('at', [...noThing, { timestamp: -1 }, { timestamp: 0.5 }], one => broker().offsets('in', one)),
  ],
  'MemoryBroker.committed': [
    argument('groupId', noName, one => broker().committed(one, 'in')),
    argument('topic name', noTopic, one => broker().committed('g', one)),
  ],
  'MemoryBroker.setCommitted': [
    argument('groupId', noName, one => broker().setCommitted(one, at, 0)),
    argument('at', noThing, one => broker().setCommitted('g', one, 0)),
    argument('offset', noOffset, one => broker().setCommitted('g', at, one)),
  ],
  'MemoryBroker.expireOffsets': [argument('groupId', noName, one => broker().expireOffsets(one))],
  'MemoryBroker.members': [argument('groupId', noName, one => broker().members(one))],
  'MemoryBroker.punchGap': [
    argument('at', noThing, one => broker().punchGap(one, 0, 1)),
    argument('from', noOffset, one => broker().punchGap(at, one, 1)),
    argument('to', noOffset, one => broker().punchGap(at, 0, one)),
  ],
  'MemoryBroker.deleteRecords': [
    argument('at', noThing, one => broker().deleteRecords(one, 0)),
    argument('offset', noOffset, one => broker().deleteRecords(at, one)),
  ],
  'MemoryBroker.truncate': [
    argument('at', noThing, one => broker().truncate(one, 0)),
    argument('offset', noOffset, one => broker().truncate(at, one)),
  ],
};

const noId = [...noName, 'no-such-member'];
const noError = [null, 5, 'text', {}, []];
const failed = new KafkaRxError('PRODUCE', 'no');
const ofFaults: Table = {
  refuseCommits: [
    argument(
      'times',
      noCount.filter(one => one !== Number.POSITIVE_INFINITY),
      one => broker().faults.refuseCommits(one),
    ),
    argument('error', noError, one => broker().faults.refuseCommits(1, one)),
  ],
  delayAcknowledgements: [
    argument('delayMs', [...noNumber, undefined], one => broker().faults.delayAcknowledgements(one)),
  ],
  failProduce: [
    argument(
      'times',
      noCount.filter(one => one !== Number.POSITIVE_INFINITY),
      one => broker().faults.failProduce(one, failed),
    ),
    argument('error', [...noError, undefined], one => broker().faults.failProduce(1, one)),
    argument('where', [...noObject, { topics: 'in' }, { partition: -1 }], one =>
      broker().faults.failProduce(1, failed, one),
    ),
  ],
  clear: 'takes nothing',
  down: 'takes nothing',
  up: 'takes nothing',
  rebalance: [argument('groupId', noName, one => broker().faults.rebalance(one))],
  losePartitions: [argument('member', noId, one => broker().faults.losePartitions(one))],
  expireSession: [argument('member', noId, one => broker().faults.expireSession(one))],
  silence: [argument('member', noId, one => broker().faults.silence(one))],
  endSilence: [argument('member', noName, one => broker().faults.endSilence(one))],
  crash: [argument('member', noId, one => broker().faults.crash(one))],
  failConsumer: [argument('member', noId, one => broker().faults.failConsumer(one, failed))],
  fence: [
    argument('groupId', noName, one => broker().faults.fence(one, '0')),
    argument('taskId', noName, one => broker().faults.fence('g', one)),
  ],
  holdCommit: [
    argument('groupId', noName, one => broker().faults.holdCommit(one, '0')),
    argument('taskId', noName, one => broker().faults.holdCommit('g', one)),
    argument('how', [...noObject, { plain: true }, { plainReads: 1 }], one =>
      broker().faults.holdCommit('g', '0', one),
    ),
  ],
  decideCommit: [
    argument('groupId', noName, one => broker().faults.decideCommit(one, '0')),
    argument('taskId', noName, one => broker().faults.decideCommit('g', one)),
  ],
};

const wired = async (test: (t: Awaited<ReturnType<typeof testApp>>) => unknown) => {
  const t = await testApp(app => app.topic('in', { value: string }).subscribe(app.each(() => {})));
  try {
    return await test(t);
  } finally {
    await t.stop();
  }
};

const ofTesting: Table = {
  VirtualClock: [argument('the options', noObject, one => new VirtualClock(one))],
  'VirtualClock.advance': [argument('ms', [...noNumber, undefined], one => clock().advance(one))],
  'VirtualClock.advanceAsync': [argument('ms', [...noNumber, undefined], one => clock().advanceAsync(one))],
  'VirtualClock.occupy': [argument('by', noText, one => clock().occupy(one))],
  'VirtualClock.schedule': [
    argument('task', noFunction, one => clock().schedule(one, 1)),
    argument('delayMs', [undefined, null, '5', Number.NaN, {}, true, 5n], one =>
      clock().schedule(() => {}, one),
    ),
  ],
  'VirtualClock.defer': [argument('task', noFunction, one => clock().defer(one))],
  'VirtualClock.flush': 'takes nothing',
  'VirtualClock.now': 'takes nothing',
  'VirtualClock.elapsed': 'takes nothing',
  'VirtualClock.pending': 'takes nothing',
  'VirtualClock.nextInMs': 'takes nothing',
  defaultFaults: 'a list',
  deliver: [
    argument('the source', noThing, one => testing.deliver(one)),
    argument('the options', noObject, one => testing.deliver(NEVER, one)),
  ],
  'deliver.flush': [argument('reason', [null, 5, 'now', {}], one => testing.deliver(NEVER).flush(one))],
  marbles: [
    argument('expect', noFunction, one => testing.marbles(one)),
    argument('the test', noFunction, one => testing.marbles(expect)(one)),
  ],
  plainRecord: [argument('the record', noThing, one => testing.plainRecord(one))],
  simulate: [
    argument('the topology', noFunction, one => testing.simulate(one, { inputs: { in: [{ value: 'a' }] } })),
    argument('the options', [...noObject, undefined], one => testing.simulate(() => {}, one)),
    argument('inputs', [undefined, null, 5, [], new Map(), {}, { in: [] }, { in: 'text' }], one =>
      testing.simulate(() => {}, { inputs: one }),
    ),
    argument('seeds', [null, 0, Number.NaN, -1, 1.5, 'all', ['a']], one =>
      testing.simulate(() => {}, { inputs: { in: [{ value: 'a' }] }, seeds: one }),
    ),
    argument(
      'processes',
      noCount.filter(one => one !== undefined),
      one => testing.simulate(() => {}, { inputs: { in: [{ value: 'a' }] }, processes: one }),
    ),
    argument('faults', [null, 'crash', ['crsah']], one =>
      testing.simulate(() => {}, { inputs: { in: [{ value: 'a' }] }, faults: one }),
    ),
    argument('seed', [1], one =>
      testing.simulate(() => {}, { inputs: { in: [{ value: 'a' }] }, seed: one } as never),
    ),
  ],
  testApp: [
    argument('the topology', noFunction, one => testApp(one)),
    argument('the options', noObject, one => testApp(() => {}, one)),
  ],
  'testApp.pipeIn': [
    argument('topic name', noTopic, one => wired(t => t.pipeIn(one, []))),
    argument('the records', noList, one => wired(t => t.pipeIn('in', one))),
    argument('records.0', [undefined, null, 5, 'text'], one => wired(t => t.pipeIn('in', [one]))),
    argument('timestamp', [...noNumber.filter(one => one !== -1), -2, 0.5], one =>
      wired(t => t.pipeIn('in', [{ value: 'a', timestamp: one }])),
    ),
    argument('partition', [...noNumber, 0.5], one =>
      wired(t => t.pipeIn('in', [{ value: 'a', partition: one }])),
    ),
    argument('value', [undefined], one => wired(t => t.pipeIn('in', [{ value: one }]))),
  ],
  'testApp.read': [
    argument('topic name', noTopic, one => wired(t => t.read(one, { value: string }))),
    argument('the options', [...noObject, undefined], one => wired(t => t.read('in', one))),
    argument('value', noThing, one => wired(t => t.read('in', { value: one }))),
  ],
  'testApp.advance': [argument('ms', [...noNumber, undefined], one => wired(t => t.advance(one)))],
  'testApp.committed': [argument('topic name', noTopic, one => wired(t => t.committed(one)))],
  testRecord: [
    argument('the parts', [...noObject, undefined], one => testRecord(one)),
    argument('timestamp', [...noNumber, 0.5], one => testRecord({ value: 1, timestamp: one })),
    argument('partition', [...noNumber, 0.5], one => testRecord({ value: 1, partition: one })),
    argument('offset', [...noNumber, 0.5], one => testRecord({ value: 1, offset: one })),
    argument('offfset', [1], one => testRecord({ value: 1, offfset: one } as never)),
  ],
};

const entry = new URL('file:///none.js');
const ofOthers: Table = {
  kafkajs: [argument('the options', [...noObject, undefined], one => kafkajsEntry.kafkajs(one))],
  lmdb: [
    argument('the name', noName, one => lmdbEntry.lmdb(one, { value: string })),
    argument('the options', [...noObject, undefined], one => lmdbEntry.lmdb('s', one)),
    argument('value', noThing, one => lmdbEntry.lmdb('s', { value: one })),
  ],
  lmdbBackend: [
    argument(
      'the directory',
      noThing.filter(one => one !== 'text'),
      one => lmdbEntry.lmdbBackend(one),
    ),
    argument('the options', noObject, one => lmdbEntry.lmdbBackend('d', one)),
  ],
  runWorkers: [
    argument('the entry', [...noThing, './a.js', { href: 'a' }], one => workers.runWorkers(one, 1)),
    argument('number of workers', noCount, one => workers.runWorkers(entry, one)),
    argument('the options', noObject, one => workers.runWorkers(entry, 1, one)),
  ],
  serveWorker: [argument('the function', noFunction, one => workers.serveWorker(one))],
  ...Object.fromEntries(Object.keys(ioTs).map(name => [name, 'a type of io-ts, which says what fits'])),
};

const app = () => createApp({ groupId: 'g', driver });
const ofApp: Table = {
  topic: [
    argument('topic name', [...noTopic.filter(one => !Array.isArray(one)), [null]], one =>
      app().topic(one, { value: string }),
    ),
    argument('the options', [...noObject, undefined], one => app().topic('in', one)),
  ],
  to: [
    argument('topic name', noTopic, one => app().to(one, { value: string })),
    argument('the options', [...noObject, undefined], one => app().to('out', one)),
  ],
  state: [
    argument('topic name', ['a b', 'a/b'], one => app().state(one, { key: string, value: string })),
    argument('the name', noName, one => app().state(one, { key: string, value: string })),
    argument('the options', [...noObject, undefined], one => app().state('counts', one)),
    argument('onMissingCut', [null, 'drop', 5], one =>
      app().state('counts', { key: string, value: string, onMissingCut: one }),
    ),
  ],
  internal: [
    argument('topic name', ['a b', 'a/b'], one => app().internal(one, { key: string, value: string })),
    argument('the name', noName, one => app().internal(one, { key: string, value: string })),
    argument('the options', [...noObject, undefined], one => app().internal('by-key', one)),
    argument('partitions', [null, '5', 0, 1.5], one =>
      app().internal('by-key', { key: string, value: string, partitions: one }),
    ),
  ],
  store: [
    argument('the store', noThing, one => app().store(one)),
    argument('the store.name', [...noName], one => app().store({ ...memoryStore('s'), name: one })),
    argument('the options', noObject, one => app().store(memoryStore('s'), one)),
  ],
  each: [
    argument('the function', noFunction, one => app().each(one)),
    argument('the options', noObject, one => app().each(() => {}, one)),
  ],
  watch: [
    argument('the function', noFunction, one => app().watch(one)),
    argument('the options', noObject, one => app().watch(() => {}, one)),
    argument('name', [null, '', 5, {}], one => app().watch(() => {}, { name: one })),
    argument('nam', ['a'], one => app().watch(() => {}, { nam: one } as never)),
  ],
  stop: [argument('the options', noObject, one => app().stop(one))],
  run: 'takes nothing',
  health: 'takes nothing',
  describe: 'takes nothing',
  events$: 'takes nothing',
};

const state = () => app().state('counts', { key: string, value: core.number });
const folding = { initial: () => 0, add: (n: number) => n + 1 };
const ofWindow = (make: (options: never) => unknown): Entry => [
  argument('the options', [...noObject, undefined], one => make(one)),
];

const ofStates: Table = {
  aggregate: [
    argument('the state', noThing, one => states.aggregate(one, folding)),
    argument('the options', [...noObject, undefined], one => states.aggregate(state(), one)),
    argument('emit', [null, 'often', {}, { everyMs: 0 }, { everyMs: 0.5 }, 1_000], one =>
      states.aggregate(state(), { ...folding, emit: one }),
    ),
    argument('late', [null, 5, {}], one => states.aggregate(state(), { ...folding, late: one })),
  ],
  count: [
    argument('the state', noThing, one => states.count(one)),
    argument('onError', [null, 'never'], one => states.count(state(), { onError: one })),
  ],
  reduce: [
    argument('the state', noThing, one => states.reduce(one, () => 1)),
    argument('the function', noFunction, one => states.reduce(state(), one)),
  ],
  repartition: [
    argument('the function', noFunction, one =>
      states.repartition(app().internal('by-key', { key: string, value: string }), one),
    ),
    argument('the options', noObject, one =>
      states.repartition(app().internal('by-key', { key: string, value: string }), () => 'k', one),
    ),
  ],
  tumbling: ofWindow(one => states.tumbling(5, one)),
  hopping: ofWindow(one => states.hopping(5, one)),
  sliding: ofWindow(one => states.sliding(5, one)),
  session: ofWindow(one => states.session(5, one)),
  unlimited: [argument('the options', noObject, one => states.unlimited(one))],
  calendar: ofWindow(one => states.calendar('day', one)),
  collect: ofWindow(one => states.collect(one)),
  countDistinct: [argument('the function', noFunction, one => states.countDistinct(one, { max: 5 }))],
  topK: [
    argument(
      'k',
      noCount.filter(one => one !== undefined),
      one => states.topK(one, { by: () => 1, codec: core.number }),
    ),
  ],
  counter: 'takes nothing',
};

const tables: Readonly<Record<string, Table>> = {
  'kafka-rx/state': ofStates,
  'kafka-rx': ofCore,
  'kafka-rx/operators': ofOperators,
  'kafka-rx/memory': ofMemory,
  'broker.faults': ofFaults,
  'kafka-rx/testing': ofTesting,
  others: ofOthers,
  app: ofApp,
};

async function outcomeOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return 'taken';
  } catch (error) {
    if (!isKafkaRxError(error, 'CONFIGURATION')) return error;
    return error.message;
  }
}

test('all that is exported, and all methods of what is a class or an app, stand in a table', () => {
  const methods = (of: { readonly prototype: object }) =>
    Object.getOwnPropertyNames(of.prototype).filter(name => name !== 'constructor');
  const all: Readonly<Record<string, readonly string[]>> = {
    'kafka-rx': Object.keys(core),
    'kafka-rx/operators': Object.keys(operators),
    'kafka-rx/memory': [
      ...Object.keys(memoryEntry),
      ...methods(MemoryBroker)
        .filter(name => name !== 'clusterId')
        .map(name => `MemoryBroker.${name}`),
    ],
    'broker.faults': methods(broker().faults.constructor),
    'kafka-rx/testing': [
      ...Object.keys(testing),
      ...methods(VirtualClock).map(name => `VirtualClock.${name}`),
    ],
    others: [kafkajsEntry, lmdbEntry, workers, ioTs].flatMap(module => Object.keys(module)),
    app: [...new Set([...Object.keys(app()), ...methods(app().constructor)])],
  };
  for (const [name, exported] of Object.entries(all)) {
    expect([name, exported.filter(one => !Object.hasOwn(tables[name] ?? {}, one))]).toEqual([name, []]);
  }
});

const every = Object.entries(tables).flatMap(([from, table]) =>
  Object.entries(table).flatMap(([name, entry]) =>
    typeof entry === 'string'
      ? []
      : entry.map(({ name: argument, wrong, call }) => ({ from, name, argument, wrong, call })),
  ),
);

test.each(every)(
  '$from: $name refuses what cannot be $argument',
  async ({ argument: named, wrong, call }) => {
    const taken: unknown[] = [];
    for (const one of wrong) {
      const outcome = await outcomeOf(() => call(one as never));
      if (typeof outcome !== 'string' || !outcome.includes(named)) taken.push([one, outcome]);
    }
    expect(taken).toEqual([]);
  },
);

test('predicates say no to what is no text', () => {
  for (const one of noText) {
    expect(core.isCardNumber(one as never)).toBe(false);
    expect(core.isMaskedCardNumber(one as never)).toBe(false);
    expect(isKafkaRxError(one)).toBe(false);
  }
});

test('a number that is a card is not shown where text is asked for', async () => {
  for (const call of [core.maskCardNumber, core.redact]) {
    expect(await outcomeOf(() => call(4_111_111_111_111_111 as never))).not.toMatch(/\d{4}/);
  }
});
