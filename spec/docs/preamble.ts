/**
 * What an example of a doc comment may name without importing or declaring it: the whole library, what a test file
 * has at hand, and some names that speak for themselves. Declarations only; nothing runs.
 */
import type { App, Clock, Codec, DeliveryEvent, Driver, KafkaRecord, Store } from 'kafka-rx';
import type { Registry } from 'prom-client';
import type { Observable } from 'rxjs';
import type {
  MaskedPurchase as MaskedPurchaseType,
  Purchase as PurchaseType,
} from '../../demos/purchases/model.js';

export * as t from 'io-ts';
export * from 'kafka-rx';
export * from 'kafka-rx/io-ts';
export * from 'kafka-rx/kafkajs';
export * from 'kafka-rx/lmdb';
export * from 'kafka-rx/memory';
export * from 'kafka-rx/operators';
export * from 'kafka-rx/testing';
export * as client from 'prom-client';
export { firstValueFrom, from, map, merge, of, share, timer } from 'rxjs';
export { MaskedPurchase, Purchase, PurchasePattern, Reward } from '../../demos/purchases/model.js';
export { purchases } from '../../demos/purchases/topology.js';

export declare const app: App;
export declare const driver: Driver;
export declare const clock: Clock;
export declare const groupId: string;
export declare const registry: Registry;
export declare const history: Store<MaskedPurchaseType>;

/** A topic's records, and one of their values. */
export declare const purchases$: Observable<KafkaRecord<string, PurchaseType>>;
export declare const masked$: Observable<KafkaRecord<string, MaskedPurchaseType>>;
export declare const purchase: PurchaseType;
export declare const record: KafkaRecord<string, PurchaseType>;
export declare const deliveries$: Observable<DeliveryEvent>;
export declare const codec: Codec<PurchaseType>;
