import type { MemoryBroker } from '../../drivers/memory/index.js';
import type { Choices } from './choices.js';
import type { Disturbances } from './disturbances.js';
import type { Journal } from './journal.js';
import type { FaultProfile } from './profile.js';
import type { UndecidedParts } from './simulated-unit.js';

export interface HeldCommitsParts {
  readonly cluster: MemoryBroker['cluster'];
  readonly choices: Choices;
  readonly profile: Pick<FaultProfile, 'rates'>;
  readonly journal: Pick<Journal, 'mark'>;
  readonly disturbances: Pick<Disturbances, 'note'>;
  /** No fault is drawn any more. */
  healed(): boolean;
}

/** As long as the owner of a unit asks for what became of it, and as most sessions last. */
const longHeldMs = 30_000;

/** A coordinator that takes some commits and decides them late, as one that stands still between the two. */
export function heldCommits(parts: HeldCommitsParts): UndecidedParts {
  const { undecided } = parts.cluster;
  return {
    holdCommit: id => {
      const ms = heldMs(parts);
      if (ms !== undefined) undecided.script(id, {});
      return ms;
    },
    letCommit: id => {
      undecided.unscript(id);
      return undecided.of(id) === undefined;
    },
    isHeld: id => undecided.of(id) !== undefined,
    decideCommit: id => {
      const wasHeld = undecided.of(id) !== undefined;
      undecided.decide(id);
      return wasHeld;
    },
  };
}

/** For how long the coordinator keeps the commit that is asked for now to itself; undefined: it is decided at once. */
function heldMs({ choices, profile, journal, disturbances, healed }: HeldCommitsParts): number | undefined {
  // Of runs that were kept before there was such a fault.
  const rate = profile.rates['held-commits'] ?? 0;
  if (healed() || !choices.happens('held-commits', rate)) return undefined;
  const isLong = choices.pick('held for long', 2) === 1;
  const ms = choices.size('held ms', longHeldMs) + (isLong ? longHeldMs : 0);
  journal.mark(isLong ? 'commit held for long' : 'commit held');
  disturbances.note('commits', ms);
  return ms;
}
