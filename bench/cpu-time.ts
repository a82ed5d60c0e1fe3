/**
 * CPU time of this process, in ns, all threads (so garbage collection counts): on a machine that others use too, it
 * is what a measurement repeats best.
 */
export function cpuNs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}
