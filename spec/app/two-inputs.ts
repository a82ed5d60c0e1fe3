/** What the specs of tasks of two inputs begin with. */
import { type App, type AppOptions, string } from 'kafka-rx';
import { Members } from './members.js';

export const coPartitioned = [['payments', 'orders']];

type Sources = Partial<Record<'orders' | 'payments', object>>;

/** What is published while the clock stands still is dated as it says. */
export function dated(timestamp: number, partition = 0, value = String(timestamp)) {
  return { value, timestamp, partition };
}

/** Both topics, told in the order in which their records come, as topic, partition and timestamp. */
export function told(seen: string[], sources: Sources = {}): (app: App) => void {
  return app => {
    for (const topic of ['orders', 'payments'] as const) {
      app
        .topic(topic, { value: string, ...sources[topic] })
        .subscribe(app.each(record => void seen.push(`${topic} ${record.partition} ${record.timestamp}`)));
    }
  };
}

/** Two partitions of each, and an app that reads them once it is started. */
export function twoInputs(options: Partial<AppOptions> = {}, sources: Sources = {}) {
  const members = new Members({ orders: 2, payments: 2, others: 2 });
  const seen: string[] = [];
  const start = () => members.start(told(seen, sources), { coPartitioned, ...options });
  return { members, seen, start };
}

/** The timestamps of what was told. */
export const times = (seen: readonly string[]): number[] => seen.map(line => Number(line.split(' ')[2]));
