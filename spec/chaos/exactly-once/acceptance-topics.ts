import { outputTopics } from '../evidence.js';
import { inputTopic } from '../messages.js';

/** Where the app under acceptance sends what it cannot decode. */
export const lettersTopic = 'letters';

/** Partitions of each of the topics. */
export const partitions = 4;

export const acceptanceTopics: readonly string[] = [inputTopic, ...outputTopics, lettersTopic];
