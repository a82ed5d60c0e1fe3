/**
 * The purchases without a mask, a guard or a check, as somebody might write them who does not know better: what the search of
 * spec/broker/privacy.spec.ts must find. Arguments: brokers, folder of the store.
 */
import * as t from 'io-ts';
import { bytes, createApp, json, type KafkaRecord, string } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import { lmdb } from 'kafka-rx/lmdb';
import { mapValue } from 'kafka-rx/operators';
import { share } from 'rxjs';

const [brokers = '', directory = ''] = process.argv.slice(2);
const driver = kafkajs({ brokers: brokers.split(',') });
const app = createApp({ groupId: 'unmasked', driver, signals: ['SIGTERM'] });
const kept: KafkaRecord<unknown, string>[] = [];

const raw = app.topic('transactions', { value: bytes }).pipe(
  mapValue(value => value.toString()),
  share(),
);
for (const topic of ['patterns', 'rewards', 'purchases']) raw.subscribe(app.to(topic, { value: string }));
raw.subscribe(
  app.store(lmdb('history', { value: json(t.string), directory, by: { start: text => text.slice(0, 100) } })),
);
raw.subscribe(
  app.each(record => {
    kept.push(record);
    console.log(record.value);
  }),
);
await app.run();
