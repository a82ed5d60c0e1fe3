import type { Clock } from '../base/clock.js';
import type { Outputs } from '../flow/sinks/outputs.js';
import { givenUpWaits } from '../flow/source/given-up-waits.js';
import { nothingToRead } from '../flow/source/nothing-to-read.js';
import { type SourceWaitsParts, sourceWaits } from '../flow/source/source-waits.js';
import { standstillWaits } from '../flow/source/standstill-waits.js';
import type { Views } from '../flow/source/views.js';
import type { UnitCommit } from '../flow/tasks/unit-commit.js';
import type { Commits } from './commits.js';
import { defaults } from './defaults.js';
import type { GroupMember } from './group-member.js';
import type { Lifecycle } from './lifecycle/lifecycle.js';
import type { Wait } from './lifecycle/waits.js';
import { type AppOptions, unitBounds } from './options.js';
import type { KeptTasks } from './states/kept-tasks.js';
import { stallTimeoutOf } from './unit-timeouts.js';

export interface AppWaitsParts extends Pick<SourceWaitsParts, 'bounds' | 'inFlight' | 'lanes' | 'readings'> {
  readonly options: AppOptions;
  readonly clock: Clock;
  readonly lifecycle: Pick<Lifecycle, 'reading'>;
  readonly member: GroupMember;
  readonly views: Views;
  readonly commits: Commits;
  readonly states: Pick<KeptTasks, 'waits'>;
  readonly units: Pick<UnitCommit, 'any' | 'writerAt'>;
  readonly outputs: Pick<Outputs, 'topics'>;
}

/** What waits now of which nobody notes the beginning, since that would have to be done for each record or each answer. */
export function appWaits(parts: AppWaitsParts): readonly Wait[] {
  const { options, clock, lifecycle, member, views, lanes, commits, states, units, outputs } = parts;
  const { standstillMs = defaults.standstillMs } = options;
  const nowMs = clock.elapsed();
  // However long a record may take, and be it for ever, whoever looks is told.
  const slowMs = Math.min(stallTimeoutOf(options), defaults.stallTimeoutMs) / 10;
  const { reading } = lifecycle;
  const reasons = [
    ...sourceWaits({ ...parts, slowMs, nowMs }),
    ...standstillWaits(member.standstills, nowMs, standstillMs, {
      writes: topic => units.any && outputs.topics.has(topic),
      writerAt: (partition, offset) => units.writerAt(partition, offset),
      intervalMs: unitBounds(options).intervalMs,
    }),
    ...views.withoutWay(lanes.all),
    ...(reading === undefined ? [] : nothingToRead(views.all, reading, lanes.all.length)),
  ];
  const waits = reasons.map((reason): Wait => ({ reason, ready: true }));
  for (const reason of givenUpWaits(lanes.all)) waits.push({ reason });
  const unconfirmedMs = nowMs - member.confirmedUntil;
  if (reading !== undefined && lanes.all.length > 0 && unconfirmedMs >= 0)
    waits.push({ reason: unconfirmed(unconfirmedMs) });
  return [...waits, ...states.waits, ...commits.waits];
}

function unconfirmed(ms: number): string {
  return (
    `the group has not confirmed this member for a session timeout and ${Math.round(ms / 1000)} s: nothing of its partitions ` +
    'is begun until it does, since another may have them; look at the brokers, and at the network to them'
  );
}
