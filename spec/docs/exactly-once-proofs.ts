/** Where each sentence of docs/exactly-once.md is shown. A proof is a spec below spec/ without its ending, and a title in it. */
export interface Proof {
  readonly sentence: string;
  readonly shown: readonly (readonly [spec: string, ...titles: string[]])[];
  /** Why nothing of ours can show it. */
  readonly notOurs?: string;
}

const units = 'contract/unit-of-work-contract';
const app = 'app/exactly-once';
const several = 'app/several-inputs';
const under = 'app/under-exactly-once';
const faults = 'app/exactly-once-faults';
const promises = 'app/exactly-once-promises';
const failing = 'app/exactly-once-failing';
const backlog = 'app/exactly-once-backlog';
const pace = 'flow/tasks/unit-pace';
const onKafka = 'broker/transactions';
const needs = 'broker/exactly-once-needs';

const killed: Proof['shown'][number] = [
  'broker/exactly-once-acceptance',
  'an app that works exactly once is accepted, though each of its processes is killed with a transaction open',
  'an app that works at least once is refused, for what it does and for nothing else',
];

const beginning: readonly Proof[] = [
  {
    sentence:
      'Each [task](concepts.md#tasks) (a partition, or those of one number of co-partitioned topics) has a unit of work, which is a Kafka transaction.',
    shown: [
      [several, 'is opened once for all of them, under the name of all of them'],
      [promises, 'is one task’s: the others hand out and commit meanwhile'],
      killed,
    ],
  },
  {
    sentence:
      'At its barrier, every `commit.intervalMs` (100 ms by default), it hands out nothing more, all that it has handed out settles, and the ' +
      'positions of its inputs become durable together with all that was written.',
    shown: [
      [several, 'commits both of its inputs, each as far as it has come'],
      [promises, 'comes every 100 ms where nothing else is asked for'],
      [
        app,
        'outputs are seen at the commit, together with it',
        'what is gathered or called at a barrier is in its unit',
      ],
      [units, 'outputs show together, and not before the offsets are committed with them'],
    ],
  },
  {
    sentence: 'The other tasks run on meanwhile.',
    shown: [[promises, 'is one task’s: the others hand out and commit meanwhile']],
  },
];

const promised: readonly Proof[] = [
  {
    sentence:
      'For readers of committed records (`isolation.level=read_committed`; sources of this library are such readers):',
    shown: [
      [promises, 'a source sees nothing before it is committed, and nothing of what is dropped'],
      ['broker/exactly-once-judge', 'it has read what Kafka’s own client reads, in the same order'],
    ],
  },
  {
    sentence:
      'Every input has all of its outputs, in all topics, once, in the order of its partition: whatever happens to processes, brokers and connections.',
    shown: [
      [
        promises,
        'through refused commits and outputs, fences, outages and rebalances each partition’s outputs are there once, in order',
      ],
      [app, 'over rebalances nothing is lost and nothing comes twice'],
      ['simulation/seeds', 'twenty seeds under exactly once give each output once, and each is one run'],
      [onKafka, 'outlives a restart of the broker that leads and coordinates'],
      killed,
    ],
  },
  {
    sentence: 'Dead letters are outputs, too.',
    shown: [
      [app, 'a dead letter is written with the unit of its record'],
      [promises, 'a dead letter is there once, though its unit failed before'],
    ],
  },
  {
    sentence:
      'A process that the group has gone on without adds nothing, even if it wakes up later: its unit is fenced, and its generation is refused.',
    shown: [
      [app, 'a member that the group has gone on without adds nothing'],
      [
        units,
        'a second owner of the task fences the first, of which nothing shows',
        'of a member that has left nothing is committed either where no offset has moved',
      ],
      [
        onKafka,
        'of a member that the group has put out is refused by the broker itself, though no offset has moved',
      ],
      [
        'broker/exactly-once-chaos',
        'a member that is killed inside a transaction and one that wakes up behind its session add nothing and lose nothing',
      ],
    ],
  },
  {
    sentence: 'Where a unit fails, what it wrote is dropped, and its records come again.',
    shown: [
      [app, 'a unit that fails is dropped, and its records come again once'],
      [units, 'an aborted unit never shows, readers pass over it, and the next one goes on'],
    ],
  },
  {
    sentence:
      'They come in fewer at a time, a quarter with each failure, down to one: what the brokers refuse then gets the policy of `produce`.',
    shown: [
      [
        pace,
        'an aborted unit is tried again with a quarter, down to one record, and grows with each that passes',
      ],
      [
        app,
        'a record that the brokers refuse is alone at last, and gets its policy: %s',
        'a unit of one record that nothing mends fails the app by name',
      ],
    ],
  },
  {
    sentence:
      'Where one record alone fails three times otherwise, with an error that is not `retriable`, the app fails with that.',
    shown: [
      [
        failing,
        'that fails three times with what no repetition mends fails the app with that, and not before',
        'is tried for as long as its failures are such that pass',
      ],
    ],
  },
  {
    sentence: 'A commit of a former owner that is decided late is waited for before anything is read.',
    shown: [
      [app, 'a commit that is decided late is waited for: nothing comes twice'],
      ['drivers/memory/transactions', 'the next owner has it open only when it is decided'],
    ],
  },
  {
    sentence:
      'What a process that was killed has left open is dropped as soon as another is given its partitions: readers wait for that, and not for ' +
      '`transactionTimeoutMs`.',
    shown: [
      [
        'broker/after-a-kill',
        'by SIGKILL keeps readers of committed records for less than 3 s of its successor’s assignment',
      ],
    ],
  },
  {
    sentence:
      'All of this holds for each of several processes, and for each worker of `runWorkers`: every one is a member of the group, with units for ' +
      'the tasks that it has.',
    shown: [
      [app, 'over rebalances nothing is lost and nothing comes twice'],
      [
        'app/workers/workers',
        'under exactly once each worker has the units of its tasks, whose commits are counted together',
      ],
      [
        'broker/exactly-once-command',
        'each purchase is in each topic once, in the order of the input, and in the history',
      ],
    ],
  },
];

const refilled: readonly Proof[] = [
  {
    sentence:
      'A store that is [filled again](stores.md#a-store-that-is-new), since it is new or was put back from an older copy, gets all that was committed ' +
      "before, and nothing of that is written to topics again: the group's commit stays where it is meanwhile.",
    shown: [
      [
        'app/refilled-once',
        'is filled from the first record, beside a topic to which nothing is written twice',
        'is filled from where it was, beside a topic to which nothing is written twice',
        'no batch holds records that were committed before and others',
        'dead letters are not written twice, and count once against their limit',
        'goes on where it was in the next process, and the commit never goes back',
      ],
    ],
  },
];

const notPromised: readonly Proof[] = [
  {
    sentence:
      '**Documents of stores, `app.each`, calls of `mapAsync`** and whatever else a function does outside of Kafka: they may be repeated, as at ' +
      'least once.',
    shown: [
      [promises, 'documents, calls of mapAsync and app.each are repeated; documents replace themselves'],
    ],
  },
  {
    sentence:
      "A store's documents replace themselves, as long as their ids are made of coordinates or of the record ([stores](stores.md)).",
    shown: [
      [promises, 'documents, calls of mapAsync and app.each are repeated; documents replace themselves'],
    ],
  },
  {
    sentence: 'At the start a line of the log (`info`) names the sinks of which that is so.',
    shown: [[under, 'sinks that are not topics are said at the start to be at least once, in one line']],
  },
  {
    sentence:
      '**Operators that remember** (`scan`, `distinctUntilChanged`): records of a unit that failed come again to the same subscription.',
    shown: [
      [
        promises,
        'an operator that remembers has the records of a unit that failed once more, in the same subscription',
      ],
    ],
  },
  {
    sentence: 'They are those that [operators](operators.md#rxjss) has as lossy.',
    shown: [['operators/rxjs-table', '%s is %s']],
  },
  {
    sentence:
      '**A branch that ends** (`take(n)`, `first`, `takeWhile`, `elementAt` above a sink with `mayEnd`) ends for good.',
    shown: [['app/lifecycle/after-the-end', 'is refused where it is subscribed again (%d, %d)']],
  },
  {
    sentence:
      'Where the unit fails that what it wrote is in, its records come again and the branch does not: the app fails with `SINK_ENDED`, naming the ' +
      'last of them, before any is handed out, and a start of the app mends that.',
    shown: [
      [
        'app/exactly-once-ended',
        '%s',
        'also where a record of another task has ended it, or of the same one in a later unit',
        'also where the group gives its partition out, and it comes back',
        'where its unit was committed, whatever is dropped later',
        'where its records come again to another member, of which each has a branch of its own',
      ],
    ],
  },
  {
    sentence:
      "What a `through` or an operator's dead letter above such a sink wrote is not looked at, nor the end of one of several behind a plain `merge` " +
      'or a Subject.',
    shown: [['app/exactly-once-ended', 'what is above its sink, or hidden, is not looked at: %s']],
  },
  {
    sentence:
      '**One record of several tasks**: each has a unit of its own, and a record is written with one.',
    shown: [
      [units, 'another task of the group is not fenced'],
      [under, 'fails the app by name, and nothing of it is committed'],
    ],
  },
  {
    sentence: '`batch` keeps tasks apart: under exactly once a batch holds records of one task.',
    shown: [
      ['app/exactly-once-barriers', 'a batch that is full, or has waited for long enough, is of one task'],
      [
        under,
        'of one number are one task: a batch holds records of both, and of no other; a payment is joined once, whatever fails',
      ],
    ],
  },
  {
    sentence:
      "Rxjs's own operators that gather plain records (`bufferCount`) are lossy ([operators](operators.md#rxjss)): what a function makes of them is of one record alone.",
    shown: [],
    notOurs:
      'rxjs hands on what the function gives, which carries the delivery of the record that it was made with',
  },
  {
    sentence: 'Every barrier cuts what `batch` gathers, 100 ms by default, whatever its `maxWaitMs`.',
    shown: [
      [app, 'what is gathered or called at a barrier is in its unit'],
      [promises, 'comes every 100 ms where nothing else is asked for'],
    ],
  },
  {
    sentence: 'A record that carries the deliveries of several tasks fails the app with `SEVERAL_TASKS`.',
    shown: [[under, 'fails the app by name, and nothing of it is committed']],
  },
  {
    sentence:
      'Partitions of one number of topics that are `coPartitioned` are one task: what is made of their records is written once.',
    shown: [
      [
        'drivers/assignor',
        'keeps the partition numbers of co-partitioned topics together, as far as the same members may have them',
      ],
      [
        under,
        'of one number are one task: a batch holds records of both, and of no other; a payment is joined once, whatever fails',
      ],
    ],
  },
  {
    sentence:
      '**Readers of uncommitted records** see what a unit writes before it is decided, and what is dropped.',
    shown: [
      [promises, 'a reader of uncommitted records sees what is not decided, and what is dropped'],
      [onKafka, 'copies each record exactly once, however often its process is killed'],
    ],
  },
  {
    sentence: "**Other tasks than before**: a unit has the name of its task's topics.",
    shown: [[several, 'is opened once for all of them, under the name of all of them']],
  },
  {
    sentence:
      'What a killed process has left open keeps readers until its `transactionTimeoutMs` where `coPartitioned` was changed for the next one: stop ' +
      'the app first.',
    shown: [
      [
        several,
        'keeps readers until its time is over where the tasks are others, and else until its successor begins: %s',
      ],
    ],
  },
  {
    sentence:
      '**At the same instant**: Kafka shows the outputs of a unit in one topic shortly before or after those in another.',
    shown: [],
    notOurs:
      'Kafka writes the marker of each partition by itself; the embedded broker writes all in one turn',
  },
];

const needed: readonly Proof[] = [
  {
    sentence: 'A driver with transactions: `kafkajs` on its fast path, or `memory`.',
    shown: [
      [app, 'a driver without transactions is refused by name'],
      [units, 'offsets alone are a unit too, and so is nothing that is aborted'],
    ],
  },
  {
    sentence: 'On the stock path `run()` rejects with `CONFIGURATION`.',
    shown: [[needs, 'on the stock path the app is refused by name']],
  },
  {
    sentence:
      "A `max.message.bytes` of its output topics that the brokers' own markers fit in, some 80 bytes: below it no transaction that wrote there " +
      'ever ends.',
    shown: [
      [needs, 'a transaction ends in a topic whose batches may be as large as a marker, and in none below'],
    ],
  },
  {
    sentence:
      "Rights to write with the transactional id: it begins with the group's id ([drivers](drivers.md)).",
    shown: [
      [
        'drivers/transactional-id',
        'it begins with the group, so that one ACL by a prefix is for all of its tasks',
      ],
      ['drivers/kafkajs/transactions/transaction-coordinator', '%s is final at once'],
    ],
  },
  {
    sentence:
      'What settles slowly must settle before the brokers abort its unit: `transactionTimeoutMs`, 60 s by default.',
    shown: [
      [
        failing,
        'a unit that the brokers abort for its time is dropped, told and counted, and its records come again, fewer at a time',
      ],
      [
        'drivers/memory/transactions',
        'open for longer than its time it is aborted, and one that ends in time is not',
      ],
      [units, 'one that is open for longer than its time is aborted, and its owner told by name'],
      ['docs/options', 'every default stands in docs/options.md with its value, and nothing else does'],
    ],
  },
  {
    sentence:
      'A record that no broker acknowledges is given up after two thirds of it: its unit is dropped and its records come again, as `health()` ' +
      'tells, until brokers take them.',
    shown: [
      [faults, 'and is told as the health of the app, until they take it'],
      [
        'drivers/kafkajs/transactions/sequences',
        'a record that nobody acknowledged in time is no record’s fault: the unit is dropped, and nothing follows it',
      ],
    ],
  },
  {
    sentence:
      'A `producer.deliveryTimeoutMs` above that, or a `stallTimeoutMs` above four fifths, is refused with `CONFIGURATION`.',
    shown: [
      [
        faults,
        'than the patience with a record that does not settle, of which some is gone by then',
        'than the time of a transaction that is as old as it gets before its barrier',
      ],
      [under, '%s of %p', 'not %p'],
    ],
  },
  {
    sentence:
      'Where a record has not settled at four fifths, it may have waited for others of its unit, or for those of other tasks, to which `mapAsync` ' +
      'gives room in turn: the unit is dropped, and fewer come again.',
    shown: [
      [
        backlog,
        '%i tasks of %i records, of calls of %i ms, come to an end, each record once',
        'a task of one record does not wait for all that another has waiting',
        'drops its unit, told and counted, while that holds others, and fails the app when it is alone in one',
      ],
      [
        'flow/leases/keyed-work',
        'take turns for the room there is, among those that go first as among the others',
      ],
    ],
  },
  {
    sentence:
      'A call of `mapAsync` with an `order` waits for the one of a unit that was dropped, too, as long as that goes on: it has to take less than half ' +
      'of that time.',
    shown: [
      [
        backlog,
        'a call in order waits for the same one of a unit that was dropped: calls of %i ms with 48 s of patience',
      ],
    ],
  },
  {
    sentence: 'The app fails with `STALLED` where it was alone in its unit.',
    shown: [
      [
        failing,
        'a record that is alone in its unit, and has not settled for four fifths of the transaction’s time, fails the app then, %i ms behind the start',
      ],
      [faults, 'or, where most of that patience was gone, with it'],
      [
        backlog,
        'is what STALLED names, also where the one before it comes to wait for it, since it takes all the room',
      ],
    ],
  },
  {
    sentence:
      'Where settling takes longer than a tenth of the interval while records wait, the interval grows up to tenfold, and then fewer records are ' +
      'under way at once.',
    shown: [
      [
        pace,
        'stays as asked for while settling takes no more than a tenth of the interval',
        'stays as asked for where nothing waits, however long settling takes',
        'sixteen calls of 50 ms with a backlog: settling comes to a tenth of the longest interval, and keeps the calls busy',
        'never leaves its bounds, whatever is told',
      ],
    ],
  },
  {
    sentence:
      'So does that of many tasks: where records wait, here or at the brokers, those of an app commit no more than 100 units a second together, with 50 tasks every 500 ms.',
    shown: [
      [
        pace,
        'many tasks with a backlog commit no more than a hundred units a second together, within ten intervals',
        'many tasks are as prompt as few where nothing waits, and where most of them went elsewhere',
      ],
    ],
  },
  {
    sentence:
      'Where the brokers take more than half of the interval for a commit, twice in a row, it grows to twice what they take, tenfold at most.',
    shown: [[pace, 'units go on for twice what the brokers take to commit one, whether records wait or not']],
  },
];

const failures: readonly Proof[] = [
  {
    sentence:
      'a unit could not be committed (`COMMIT_FAILED`, `PRODUCE`, `TRANSACTION_TIMEOUT`), or a record of it has not settled in time (`STALLED`) | it ' +
      'is dropped, told as an event `commit` with its error, and its records come again',
    shown: [
      [
        backlog,
        'drops its unit, told and counted, while that holds others, and fails the app when it is alone in one',
      ],
      [
        under,
        'at their commit: each is an event with its error; again and again it is a reason in health, until one passes',
        'by what a broker refuses: each is an event with its error, and counted',
      ],
      [
        failing,
        'a unit that the brokers abort for its time is dropped, told and counted, and its records come again, fewer at a time',
      ],
    ],
  },
  {
    sentence:
      'nobody answered whether it was committed (`COMMIT_UNKNOWN`) | the unit is opened anew, which settles that, and the task goes on at what is ' +
      'committed',
    shown: [
      [failing, 'a commit that nobody answers is settled by its own task, which goes on behind it'],
      [
        'broker/lost-commits',
        'is told as COMMIT_UNKNOWN where nobody answers, and whoever opens it anew finds what became of it',
      ],
    ],
  },
  {
    sentence:
      'another owner has opened it (`COMMIT_REFUSED`) | the task waits for the group to say so; where it does not within two session timeouts, a ' +
      'member that the group had gone on without was late to open it: the task opens it anew.',
    shown: [
      [
        faults,
        'a unit that another owner has opened between two of its units is waited for, and goes on in the next epoch',
      ],
      [
        failing,
        'is told and counted; the task opens it anew two session timeouts later, and not before',
        'while a record is %s is no stall of that: the task waits for two session timeouts, as they are by default',
        'between two of its units is told and counted, too',
      ],
      [
        app,
        'a member that is late to open a unit takes it from its owner for a moment: the owner goes on',
        'a member that its group has not confirmed opens no unit, though its own has failed: it may be another’s',
      ],
      [under, 'since somebody else has opened the unit: health says whom it waits for'],
    ],
  },
  {
    sentence:
      'Where it is taken again within ten, another program uses the transactional id, and the app fails with that error',
    shown: [
      [
        failing,
        'again, %s',
        'within ten session timeouts fails the app',
        'later than that is waited for as before',
      ],
      [app, 'another program that takes the transactional id again and again fails the app by name'],
    ],
  },
  {
    sentence:
      'an output topic does not exist any more (`MISSING_TOPIC`) | a task whose units are opened waits for it, as a reason in `health()`, for as ' +
      'long as a record may take to be delivered; the app fails with that error then.',
    shown: [
      [
        'app/exactly-once-health',
        'is waited for where the units are opened anew, as a reason in health, and goes on once it is there',
        'fails the app by its name once a record would not have been delivered either',
      ],
    ],
  },
  {
    sentence: 'A task that has written nothing to it does not wait: its first record for it does',
    shown: [
      [
        'app/exactly-once-health',
        'keeps no unit from being opened as long as nothing was written to it; a record for it waits for it',
        'fails the app by its name where the first record for it waits for too long',
      ],
    ],
  },
  {
    sentence:
      'Units that fail again and again are a reason in `health()`, by their partition and with the last error, until one passes or the group gives ' +
      'the partition out anew.',
    shown: [
      [
        under,
        'at their commit: each is an event with its error; again and again it is a reason in health, until one passes',
        'of one task stay a reason while the commits of others pass',
      ],
    ],
  },
  {
    sentence: 'Each is counted in `kafka_rx_commits_total`, under the code of its error.',
    shown: [
      [
        failing,
        'a unit that the brokers abort for its time is dropped, told and counted, and its records come again, fewer at a time',
        'is told and counted; the task opens it anew two session timeouts later, and not before',
        'between two of its units is told and counted, too',
      ],
      [under, 'by what a broker refuses: each is an event with its error, and counted'],
    ],
  },
];

export const proofs: readonly Proof[] = [
  ...beginning,
  ...promised,
  ...refilled,
  ...notPromised,
  ...needed,
  ...failures,
];
