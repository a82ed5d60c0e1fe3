import { type AskedOfStore, storeFailed } from './store-failed.js';

/** Asks a store for something; what it throws, or rejects with, is an error of ours that says of which store and of what. */
export async function askStore<T>(asked: AskedOfStore, work: () => T | PromiseLike<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw storeFailed(cause, asked);
  }
}
