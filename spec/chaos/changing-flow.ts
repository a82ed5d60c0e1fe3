import { type App, type DocumentStore, string } from 'kafka-rx';
import { changingOutput, foundTopics, namedTopic } from './changing-topics.js';

/** What the app under test makes of the topics that come and go: each record as it is into one topic and one store. */
export function changingFlow(app: App, store: DocumentStore<string>): void {
  for (const selector of [foundTopics, namedTopic]) {
    const records = app.topic(selector, { value: string });
    records.subscribe(app.to(changingOutput, { value: string }));
    records.subscribe(app.store(store));
  }
}
