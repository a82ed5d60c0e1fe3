/** The remedy for a batch that nobody can read: an app has no way of its own to pass it, so that none is passed by mistake. */
export const pastTheBatch =
  "stop the app and set its group's offset behind the batch: kafka-consumer-groups.sh --bootstrap-server SERVERS --group GROUP --topic TOPIC:PARTITION --reset-offsets --to-offset OFFSET --execute";
