/** Whom kafka-rx is measured beside. */
export const peerNames = ['raw-kafkajs', 'platformatic', 'kafka-streams'] as const;
/** Those of them that have a choice of guarantee. */
export const guaranteePeers = ['kafka-streams'] as const satisfies readonly (typeof peerNames)[number][];
export type PeerName = (typeof peerNames)[number];
export type ContestantName = 'kafka-rx' | PeerName;
