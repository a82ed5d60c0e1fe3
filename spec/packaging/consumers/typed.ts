/** A typed program; compiled against the packed types as an ES module and as a CommonJS module. */
import * as t from 'io-ts';
import { type App, createApp, isKafkaRxError, json, type KafkaRecord, string } from 'kafka-rx';
import { CardNumber, MaskedCardNumber } from 'kafka-rx/io-ts';
import { kafkajs } from 'kafka-rx/kafkajs';
import { lmdb } from 'kafka-rx/lmdb';
import { memory } from 'kafka-rx/memory';
import { mapValue, mask } from 'kafka-rx/operators';
import { type TestApp, testApp } from 'kafka-rx/testing';
import { type Observable, share } from 'rxjs';

const Purchase = t.strict({ customerId: t.string, cardNumber: CardNumber });
const Masked = t.strict({ customerId: t.string, cardNumber: MaskedCardNumber });

function topology(app: App): void {
  const raw = app.topic('transactions', { key: string, value: json(Purchase) });
  const masked = raw.pipe(mask('cardNumber'), share());
  const typed: Observable<KafkaRecord<string, { customerId: string; cardNumber: MaskedCardNumber }>> = masked;
  typed.subscribe(app.to('purchases', { keyBy: p => p.customerId, value: json(Masked) }));
  masked.subscribe(app.store(lmdb('history', { value: json(Masked), by: { customer: p => p.customerId } })));

  // @ts-expect-error a raw card number must not compile into a sink for masked ones
  raw.subscribe(app.to('purchases', { keyBy: p => p.customerId, value: json(Masked) }));
  // @ts-expect-error nor a field that is not there
  raw.pipe(mask('cardNumbr'));
  // @ts-expect-error nor a number where the function takes a string
  masked.pipe(mapValue(p => Math.abs(p.customerId)));
}

export async function run(): Promise<TestApp> {
  const drivers = [kafkajs({ brokers: ['localhost:9092'] }), memory()];
  for (const driver of drivers) topology(createApp({ groupId: 'purchases', driver, signals: ['SIGTERM'] }));
  return testApp(topology).catch((error: unknown) => {
    if (isKafkaRxError(error)) throw new Error(error.code);
    throw error;
  });
}
