import { type Coordinates, KafkaRxError } from '../../lib/errors/errors.js';

/**
 * Refuses a record of no time: -1 is what a producer leaves that sets none. No row can have it, and what is counted would not be in any time.
 *
 * @throws `PROCESS`
 */
export function refuseUntimed(
  name: string,
  state: string,
  record: Coordinates & { readonly timestamp: number },
): void {
  const { timestamp } = record;
  if (Number.isSafeInteger(timestamp) && timestamp >= 0) return;
  throw new KafkaRxError(
    'PROCESS',
    `'${name}' was handed a record whose timestamp is no whole number of milliseconds from 0 up: the state '${state}' has it in no time`,
    {
      at: record,
      remedy:
        'Give its source a time for each record, app.topic(topic, { timestamp: (value, own) => … }), or have its producer set one',
    },
  );
}
