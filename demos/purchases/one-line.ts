import { isKafkaRxError } from 'kafka-rx';

/** A failure in one line, without its stack; ours with its code. */
export function oneLine(error: unknown): string {
  const code = isKafkaRxError(error) ? `${error.code}: ` : '';
  return `${code}${error instanceof Error ? error.message : String(error)}`.replaceAll(/\s*\n\s*/g, ' ');
}
