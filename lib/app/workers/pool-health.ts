import type { AppState, Health } from '../lifecycle/events.js';

/** Of several states, the pool is in the first that any worker is in. */
const order: readonly AppState[] = ['failed', 'stopping', 'wiring', 'starting', 'running', 'stopped'];

/** Milliseconds after which a worker that says nothing is no longer taken at its last word: ten of its reports. */
const longestSilenceMs = 5_000;

/** One worker as its parent knows it. */
export interface HeardOf {
  /** As told last; undefined: it has not said anything yet. */
  readonly health: Health | undefined;
  /** Since when it has said nothing, in milliseconds; undefined once it has ended. */
  readonly silentMs: number | undefined;
}

/** A worker that was heard and has fallen silent is not ready, whatever it said last. */
export function poolHealth(workers: readonly HeardOf[]): Health {
  const states = workers.map(({ health }) => health?.state ?? 'wiring');
  return {
    state: order.find(state => states.includes(state)) ?? 'stopped',
    ready: workers.every(worker => worker.health?.ready === true && !isSilent(worker)),
    live: workers.every(({ health }) => health?.live !== false),
    reasons: workers.flatMap((worker, index) =>
      reasonsOf(worker).map(reason => `worker ${index}: ${reason}`),
    ),
  };
}

function reasonsOf(worker: HeardOf): readonly string[] {
  const { health, silentMs } = worker;
  if (health === undefined) return ['it has not started yet'];
  if (!isSilent(worker)) return health.reasons;
  return [
    `it has said nothing for ${silentMs} ms: something blocks its event loop (look for a long loop in a function of the topology)`,
    ...health.reasons,
  ];
}

function isSilent({ health, silentMs }: HeardOf): boolean {
  return health !== undefined && silentMs !== undefined && silentMs > longestSilenceMs;
}
