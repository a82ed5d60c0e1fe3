/**
 * Suites against a real Kafka that hold something to seconds, or play load: one at a time. All others run two at a time, with brokers of
 * their own.
 */
export const alone = [
  'advertised',
  'after-a-kill',
  'chaos',
  'endless-units',
  'exactly-once-acceptance',
  'exactly-once-chaos',
  'kafkajs-recovery',
  'lost-commits',
  'members-come-and-go',
  'mixed-versions',
  'progress',
  'shared-store',
  'signals',
  'stopped-member',
  'timeouts',
  'workers',
] as const;

const pattern = `spec/broker/(${alone.join('|')})\\.spec\\.ts$`;

/** Arguments of jest for each of both runs. */
export const brokerRuns: Readonly<Record<'twoAtATime' | 'alone', readonly string[]>> = {
  twoAtATime: [
    '--maxWorkers=2',
    '--testPathIgnorePatterns=/node_modules/',
    `--testPathIgnorePatterns=${pattern}`,
  ],
  alone: [pattern],
};
