import type { Clock } from '../base/clock.js';
import type { Outputs } from '../flow/sinks/outputs.js';
import type { Dispatcher } from '../flow/source/dispatcher.js';
import type { Lanes } from '../flow/source/lanes.js';
import type { TaskNames } from '../flow/source/task-names.js';
import type { Views } from '../flow/source/views.js';
import type { UnitCommit } from '../flow/tasks/unit-commit.js';
import type { Logger } from '../logging/logger.js';
import type { PartitionReading } from '../logging/metrics/instruments.js';
import type { Closers } from './closers.js';
import type { Commits } from './commits.js';
import type { GroupMember } from './group-member.js';
import type { AppHost } from './host.js';
import type { Ending } from './lifecycle/ending.js';
import type { Lifecycle } from './lifecycle/lifecycle.js';
import type { SlowWork } from './lifecycle/slow-work.js';
import type { AppOptions } from './options.js';
import type { ReadCluster } from './read-cluster.js';
import type { Rebalance } from './rebalance.js';
import type { AppStates } from './states/app-states.js';
import type { Wiring } from './wiring.js';

/** What an app is made of, as its start, its run and its close see it. */
export interface AppParts {
  readonly options: AppOptions;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
  readonly ending: Ending;
  /** What is open. */
  readonly closers: Closers;
  readonly slow: SlowWork;
  readonly outputs: Outputs;
  readonly views: Views;
  readonly cluster: ReadCluster;
  readonly lanes: Lanes;
  readonly host: AppHost;
  readonly wiring: Wiring;
  readonly member: GroupMember;
  readonly dispatcher: Dispatcher;
  readonly commits: Commits;
  /** The strategy of the commits under exactly once and, under every guarantee, of tasks that have states. */
  readonly units: UnitCommit;
  readonly states: AppStates;
  readonly tasks: TaskNames;
  readonly rebalance: Rebalance;
  /** What the gauges show of each partition now. */
  readonly readings: () => readonly PartitionReading[];
}
