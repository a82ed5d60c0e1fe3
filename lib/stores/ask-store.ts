import { laterAnswer } from './store-answer.js';
import { type AskedOfStore, storeFailed } from './store-failed.js';

/** Asks a store for something; what it throws, rejects with or gives in place of a promise is an error of ours that says of which store and of what. */
export async function askStore(asked: AskedOfStore, work: () => unknown): Promise<void> {
  try {
    await laterAnswer(work(), asked.store, `the call to ${asked.doing}`);
  } catch (cause) {
    throw storeFailed(cause, asked);
  }
}
