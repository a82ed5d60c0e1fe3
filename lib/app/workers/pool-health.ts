import type { AppState, Health } from '../lifecycle/events.js';

/** Of several states, the pool is in the first that any worker is in. */
const order: readonly AppState[] = ['failed', 'stopping', 'wiring', 'starting', 'running', 'stopped'];

/** @param healths each worker's as told last; undefined for one that has not said anything yet */
export function poolHealth(healths: readonly (Health | undefined)[]): Health {
  const states = healths.map(health => health?.state ?? 'wiring');
  return {
    state: order.find(state => states.includes(state)) ?? 'stopped',
    ready: healths.every(health => health?.ready === true),
    live: healths.every(health => health?.live !== false),
    reasons: healths.flatMap((health, index) =>
      (health?.reasons ?? ['it has not started yet']).map(reason => `worker ${index}: ${reason}`),
    ),
  };
}
