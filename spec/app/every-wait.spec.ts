/** All that an app can wait for has a bound, or a reason in health() that says where within the time that is declared for it. */
import {
  type App,
  type AppOptions,
  type DocumentStore,
  KafkaRxError,
  memoryStore,
  retry,
  string,
} from 'kafka-rx';
import { batch, mapAsync, through } from 'kafka-rx/operators';
import { NEVER } from 'rxjs';
import { driverWith } from './driver-with.js';
import { Members } from './members.js';

const value = string;
const never = new Promise<never>(() => {});
const passing = new KafkaRxError('DRIVER', 'it passes, they say', { retriable: true });

/** The store that is given, but for some of its positions' methods. */
function storeWith(
  positions: Partial<NonNullable<DocumentStore<string>['positions']>>,
): DocumentStore<string> {
  const inner = memoryStore<string>('history');
  return { ...inner, positions: inner.positions && { ...inner.positions, ...positions } };
}

interface Case {
  readonly what: string;
  readonly topology: (app: App, members: Members) => void;
  readonly options?: (members: Members) => Partial<AppOptions>;
  /** Before the app is there. */
  readonly before?: (members: Members) => void;
  /** Once it runs, and before the record comes that waits. */
  readonly first?: (members: Members) => void;
  /** There is no topic any more for a record to come. */
  readonly isGone?: true;
  /** Milliseconds after which it has to be told. */
  readonly withinMs: number;
  readonly reason: RegExp;
}

const unsettled = /partition 0 of 'in'.*record at offset 0 has not settled for 3\d s/;
const each = (app: App): void => {
  app.topic('in', { value }).subscribe(app.each(() => {}));
};
const copy = (app: App): void => {
  app.topic('in', { value }).subscribe(app.to('out', { value }));
};
const store = (given: DocumentStore<string>) => (app: App) => {
  app.topic('in', { value }).subscribe(app.store(given));
};
const commits = /commit.*partition 0 of 'in' up to offset 1/;

const cases: readonly Case[] = [
  {
    what: 'a call of app.each that never settles',
    topology: app => app.topic('in', { value }).subscribe(app.each(() => never)),
    withinMs: 31_000,
    reason: unsettled,
  },
  {
    what: 'the same where stallTimeoutMs is Infinity',
    topology: app => app.topic('in', { value }).subscribe(app.each(() => never)),
    options: () => ({ stallTimeoutMs: Number.POSITIVE_INFINITY }),
    withinMs: 31_000,
    reason: unsettled,
  },
  {
    what: 'a promise of mapAsync that never settles',
    topology: app =>
      app
        .topic('in', { value })
        .pipe(mapAsync(() => never))
        .subscribe(app.each(() => {})),
    withinMs: 31_000,
    reason: unsettled,
  },
  {
    what: 'an Observable of mapAsync that never ends',
    topology: app =>
      app
        .topic('in', { value })
        .pipe(mapAsync(() => NEVER))
        .subscribe(app.each(() => {})),
    withinMs: 31_000,
    reason: unsettled,
  },
  {
    what: 'a batch that never fills, where nothing tells it to flush',
    topology: app =>
      app
        .topic('in', { value })
        .pipe(
          batch(all => all.length, {
            maxRecords: Number.POSITIVE_INFINITY,
            maxWaitMs: Number.POSITIVE_INFINITY,
          }),
        )
        .subscribe(app.each(() => {})),
    options: () => ({ idleMs: Number.POSITIVE_INFINITY }),
    withinMs: 31_000,
    reason: unsettled,
  },
  {
    what: 'through a sink that never answers',
    topology: app =>
      app
        .topic('in', { value })
        .pipe(through(app.each(() => never)))
        .subscribe(app.each(() => {})),
    withinMs: 31_000,
    reason: unsettled,
  },
  {
    what: 'a retry that goes on for ever',
    topology: app =>
      app.topic('in', { value }).subscribe(
        app.each(() => Promise.reject(new Error('no')), {
          onError: retry({ attempts: Number.POSITIVE_INFINITY, initialDelayMs: 1000, maxDelayMs: 1000 }),
        }),
      ),
    withinMs: 31_000,
    reason: unsettled,
  },
  {
    what: 'a write of a store that never ends',
    topology: store({ ...memoryStore<string>('history'), write: () => never }),
    withinMs: 31_000,
    reason: unsettled,
  },
  {
    what: 'a codec that never has prepared its batch',
    topology: app =>
      app.topic('in', { value: { ...string, prepare: () => never } }).subscribe(app.each(() => {})),
    withinMs: 6000,
    reason: /codec.*partition 0 of 'in' up to offset 1/,
  },
  {
    what: 'a store that never has noted a position, and so a commit',
    topology: store(storeWith({ advance: () => never })),
    withinMs: 6000,
    reason: commits,
  },
  {
    what: 'a commit that is tried again and again, by its last error',
    topology: each,
    first: members => members.broker.faults.refuseCommits(1_000_000, passing),
    withinMs: 6000,
    reason: /commit.*partition 0 of 'in' up to offset 1.*tried \d+ times.*it passes, they say/,
  },
  {
    what: 'a commit that was given up',
    topology: each,
    first: members =>
      members.broker.faults.refuseCommits(1_000_000, new KafkaRxError('DRIVER', 'no coordinator')),
    withinMs: 1000,
    reason: /commit.*partition 0 of 'in' up to offset 1.*no coordinator/,
  },
  {
    what: 'a produce that is tried again and again',
    topology: copy,
    first: members => members.broker.faults.failProduce(1_000_000, passing),
    withinMs: 1000,
    reason: /tries again: produce to out-0 \(\d+ times so far\): it passes, they say/,
  },
  {
    what: 'an acknowledgement that never comes',
    topology: copy,
    options: () => ({ producer: { deliveryTimeoutMs: 2_000_000_000 } }),
    first: members => members.broker.faults.delayAcknowledgements(1_000_000_000),
    withinMs: 31_000,
    reason: unsettled,
  },
  {
    what: 'a dead letter that is never acknowledged',
    topology: app =>
      app
        .topic('in', { value })
        .subscribe(app.each(() => Promise.reject(new Error('no')), { onError: 'dead-letter' })),
    options: () => ({ deadLetters: { topic: 'out' }, producer: { deliveryTimeoutMs: 2_000_000_000 } }),
    first: members => members.broker.faults.delayAcknowledgements(1_000_000_000),
    withinMs: 31_000,
    reason: unsettled,
  },
  {
    what: 'heartbeats that do not arrive',
    topology: each,
    first: members => members.broker.faults.silence(members.memberIds()[0] ?? ''),
    withinMs: 45_000,
    reason: /the group has not confirmed this member.*nothing of its partitions is begun/,
  },
  {
    what: 'a store that cannot tell its position for now, asked again and again',
    topology: store(
      storeWith({
        read: () => {
          throw passing;
        },
      }),
    ),
    withinMs: 1000,
    reason: /tries again: where to begin in-0.*: it passes, they say/,
  },
  {
    what: 'a store that never tells whether it is new',
    topology: store(storeWith({ beginBelow: () => never, wholeFrom: () => [0] })),
    before: members => {
      members.publish('in', 'earlier');
      members.broker.setCommitted('group', { topic: 'in', partition: 0 }, 1);
    },
    withinMs: 6000,
    reason: /positions of the stores.*partition 0 of 'in'/,
  },
  {
    what: 'a look for topics that never ends',
    topology: app => app.topic(/^in/, { value }).subscribe(app.each(() => {})),
    options: members => {
      let looks = 0;
      return {
        discoveryMs: 100,
        driver: driverWith(members, inner => ({
          topics: names => (++looks > 1 ? never : inner.topics(names)),
        })),
      };
    },
    withinMs: 6000,
    reason: /waits for the list of topics/,
  },
  {
    what: 'a look for the ends of paused partitions that never ends',
    topology: app => app.topic('in', { value }).subscribe(app.each(() => never)),
    options: members => ({
      bounds: { maxUnsettled: 1, maxQueuedBytesPerPartition: 1 },
      driver: driverWith(members, inner => ({ admin: { ...inner.admin, offsets: () => never } })),
    }),
    first: members => members.publish('in', 'a', 'b', 'c'),
    withinMs: 16_000,
    reason: /waits for the end offsets of 'in'/,
  },
  {
    what: 'a topic that is gone',
    topology: each,
    first: members => members.broker.deleteTopic('in'),
    isGone: true,
    withinMs: 5000,
    reason: /the topic 'in' does not exist any more/,
  },
  {
    what: 'brokers that nobody reaches while it starts',
    topology: each,
    options: () => ({ connectTimeoutMs: Number.POSITIVE_INFINITY }),
    before: members => members.broker.faults.down(),
    withinMs: 6000,
    reason: /tries again: connect \(\d+ times so far\): The embedded broker is down/,
  },
];

test.each(cases)('$what', async ({ topology, options, before, first, isGone, withinMs, reason }) => {
  const members = new Members({ in: 1, out: 1 });
  before?.(members);
  const member = members.start(app => topology(app, members), options?.(members));
  await members.settle();
  first?.(members);
  if (!isGone) members.publish('in', 'a');
  await members.pass(withinMs);
  expect(member.outcome).toBe('running');
  expect(member.app.health().reasons).toContainEqual(expect.stringMatching(reason));
});

test.each([
  ['of a rebalance', (members: Members) => members.broker.faults.rebalance('group')],
  [
    'of a stop without a deadline',
    (_: Members, app: App) => void app.stop({ deadlineMs: Number.POSITIVE_INFINITY }),
  ],
])('a drain %s says what it waits for', async (_, begin) => {
  const members = new Members({ in: 1 });
  const member = members.start(app => app.topic('in', { value }).subscribe(app.each(() => never)));
  members.publish('in', 'a', 'b');
  await members.settle();
  begin(members, member.app);
  await members.pass(6000);
  expect(member.app.health().reasons).toContain(
    "partition 0 of 'in' is to be given up, and waits for 2 records to settle, the first at offset 0, for 6 s now",
  );
});
