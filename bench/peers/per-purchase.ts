import type { Report } from './plan.js';

/** Purchases a second. */
export function rateOf({ records, wallMs }: Report): number {
  return (records / wallMs) * 1000;
}

/** CPU a purchase, µs, all threads of the process. */
export function cpuUsOf({ records, cpuMs }: Report): number {
  return (cpuMs / records) * 1000;
}
