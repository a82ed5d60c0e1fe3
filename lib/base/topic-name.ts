import { redactText } from '../card/redact-text.js';
import { KafkaRxError } from '../errors/errors.js';
import { kind } from './option-kinds.js';
import { type Kind, shown } from './option-schema.js';

const legalName = /^[a-zA-Z0-9._-]{1,249}$/;

export const topicNameKind: Kind = kind(
  'a topic name (1 to 249 letters, digits, dots, dashes and underscores)',
  isTopicName,
);

function isTopicName(name: unknown): name is string {
  return typeof name === 'string' && legalName.test(name) && name !== '.' && name !== '..';
}

/** @throws `CONFIGURATION` when Kafka would not accept the name */
export function checkTopicName(name: unknown): void {
  if (!isTopicName(name)) {
    const told = typeof name === 'string' ? `'${seen(redactText(name).slice(0, 60))}'` : shown(name);
    throw new KafkaRxError('CONFIGURATION', `${told} is no legal topic name`, {
      remedy: 'Kafka takes 1 to 249 letters, digits, dots, dashes and underscores',
    });
  }
}

/** What a terminal would act on, or has no character for, is a question mark. */
function seen(name: string): string {
  return name.replace(/[\p{Cc}\p{Cs}]/gu, '?');
}
