/**
 * What an example of a doc comment may name without importing or declaring it: the whole library, what a test file
 * has at hand, and some names that speak for themselves. Declarations only; nothing runs.
 */
import type {
  App,
  CommitTarget,
  DeliveryEvent,
  DocumentStore,
  Driver,
  KafkaRecord,
  TopicSinkOptions,
} from 'kafka-rx';
import type { Registry } from 'prom-client';
import type { Observable } from 'rxjs';
import type { RunHelpers } from 'rxjs/testing';
import type {
  MaskedPurchase as MaskedPurchaseType,
  Purchase as PurchaseType,
  Reward as RewardType,
} from '../../demos/purchases/model.js';

export * as t from 'io-ts';
export * from 'kafka-rx';
export * from 'kafka-rx/io-ts';
export { CardNumber, MaskedCardNumber } from 'kafka-rx/io-ts'; // the codecs, whose types the root exports too
export * from 'kafka-rx/kafkajs';
export * from 'kafka-rx/lmdb';
export * from 'kafka-rx/memory';
export * from 'kafka-rx/operators';
export * from 'kafka-rx/state';
export * from 'kafka-rx/testing';
export * from 'kafka-rx/workers';
export * as client from 'prom-client';
export { firstValueFrom, from, map, merge, of, share, timer } from 'rxjs';
export {
  MaskedPurchase,
  Purchase,
  PurchasePattern,
  Reward,
  toPurchasePattern,
  toReward,
} from '../../demos/purchases/model.js';
export { purchases } from '../../demos/purchases/topology.js';

// The app and what it is made of.
export declare const app: App;
export declare const driver: Driver;
export declare const consumer: CommitTarget;
export declare const groupId: string;
export declare const registry: Registry;
export declare const history: DocumentStore<MaskedPurchaseType>;
export declare const rewardOptions: TopicSinkOptions<RewardType>;

// Records, and what they hold.
interface Order {
  readonly customerId: string;
  readonly total: number;
  readonly lines: readonly { readonly item: string; readonly quantity: number }[];
}
export declare const purchase: PurchaseType;
export declare const customers$: Observable<
  KafkaRecord<string, { readonly card: string; readonly email: string; readonly iban: string }>
>;
export declare const purchases$: Observable<KafkaRecord<string, PurchaseType>>;
export declare const masked$: Observable<KafkaRecord<string, MaskedPurchaseType>>;
export declare const online$: Observable<KafkaRecord<string, MaskedPurchaseType>>;
export declare const stores$: Observable<KafkaRecord<string, MaskedPurchaseType>>;
export declare const orders$: Observable<KafkaRecord<string, Order>>;
export declare const prices$: Observable<KafkaRecord<string, { readonly amount: number }>>;
export declare const deliveries$: Observable<DeliveryEvent>;

// What a user brings.
export declare const counts: Set<string>;
export declare function lookUp(what: unknown, options?: unknown): Promise<string>;

// Inside a marble test.
export declare const hot: RunHelpers['hot'];
export declare const cold: RunHelpers['cold'];
export declare const expectObservable: RunHelpers['expectObservable'];
export declare const expectSubscriptions: RunHelpers['expectSubscriptions'];
export declare const records: Readonly<Record<string, KafkaRecord<string, PurchaseType>>>;
export declare const results: Readonly<Record<string, KafkaRecord>>;
export declare const coordinates: Readonly<Record<string, unknown>>;
