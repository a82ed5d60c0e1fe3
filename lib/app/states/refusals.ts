import { KafkaRxError } from '../../errors/errors.js';
import { withItsStates } from '../../state/state-errors.js';

export function otherPartitions(
  state: string,
  changelog: string,
  there: number,
  input: string,
  partitions: number,
): KafkaRxError {
  return new KafkaRxError(
    'CONFIGURATION',
    `The changelog of the state '${state}', ${changelog}, has ${there} partitions, and its input '${input}' has ${partitions}: ` +
      'keys would not be found where they are kept',
    {
      remedy: `Take the state under another name, or go by way of an internal topic, which keeps its number of partitions, or reset the group ${withItsStates}`,
    },
  );
}

export function withoutUnits(): KafkaRxError {
  return new KafkaRxError(
    'CONFIGURATION',
    'app.state needs transactions and a reader of changelogs, which the driver has not here',
    {
      remedy:
        'Use kafkajs() on its fast path, or memory(); docs/drivers.md says when kafkajs takes the stock path',
    },
  );
}
