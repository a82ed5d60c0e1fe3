/** Whom kafka-rx is measured beside. */
export const peerNames = ['raw-kafkajs', 'platformatic', 'kafka-streams'] as const;
export type PeerName = (typeof peerNames)[number];
export type ContestantName = 'kafka-rx' | PeerName;
