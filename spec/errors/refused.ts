import { isKafkaRxError, type KafkaRxError } from 'kafka-rx';

/** What a call was refused with. @throws what else it threw, or where it was not refused */
export function refused(act: () => unknown): KafkaRxError {
  try {
    act();
  } catch (error) {
    if (isKafkaRxError(error)) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
