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
  /** How its thread ended, where that was not with its app's own end. */
  readonly died: string | undefined;
}

/** A worker that was heard and has fallen silent is not ready, whatever it said last; one that died has failed. */
export function poolHealth(workers: readonly HeardOf[]): Health {
  const states = workers.map(stateOf);
  return {
    state: order.find(state => states.includes(state)) ?? 'stopped',
    ready: workers.every(
      worker => worker.health?.ready === true && !isSilent(worker) && worker.died === undefined,
    ),
    live: workers.every(({ health, died }) => health?.live !== false && died === undefined),
    reasons: workers.flatMap((worker, index) =>
      reasonsOf(worker).map(reason => `worker ${index}: ${reason}`),
    ),
  };
}

function stateOf({ health, silentMs, died }: HeardOf): AppState {
  if (died !== undefined) return 'failed';
  return health?.state ?? (silentMs === undefined ? 'stopped' : 'wiring');
}

function reasonsOf(worker: HeardOf): readonly string[] {
  const { health, silentMs, died } = worker;
  // What its app said last is true no more.
  if (died !== undefined) return [died];
  if (health === undefined)
    return [silentMs === undefined ? 'it was stopped before it had an app' : 'it has not started yet'];
  if (!isSilent(worker)) return health.reasons;
  return [
    `it has said nothing for ${silentMs} ms: something blocks its event loop (look for a long loop in a function of the topology)`,
    ...health.reasons,
  ];
}

function isSilent({ health, silentMs }: HeardOf): boolean {
  return health !== undefined && silentMs !== undefined && silentMs > longestSilenceMs;
}
