/** @packageDocumentation The core: `kafka-rx`. Needs rxjs and nothing else. */
export { createApp } from './app.js';
export type { App, TopicOptions } from './app-interface.js';
export type { AppOptions } from './app-options.js';
export {
  type CardNumber,
  isCardNumber,
  isMaskedCardNumber,
  type MaskedCardNumber,
  maskCardNumber,
} from './card/card-number.js';
export type { CardToken, TokenKey } from './card/card-token.js';
export type { MaskedText, MaskPattern } from './card/mask-pattern.js';
export type { Masked } from './card/masked.js';
export type { Path } from './card/path.js';
export { type RedactOptions, redact } from './card/redact.js';
export { type Clock, systemClock, type Timer } from './clock.js';
export { bytes } from './codecs/bytes.js';
export type { Codec, TypeOf } from './codecs/codec.js';
export { json } from './codecs/json.js';
export { nullable } from './codecs/nullable.js';
export { number } from './codecs/number.js';
export { string } from './codecs/string.js';
export {
  type Advanced,
  type CommitPoint,
  commitInOrder,
  type DeliveryEvent,
  type LaneIdentity,
  type Revoked,
  type Settled,
} from './commit/commit-in-order.js';
export { commitTo } from './commit/commit-to.js';
export type { CommitResult, CommitTarget, CommitTrigger } from './commit/committer.js';
export { deadLetterPrefix, replayPrefix } from './dead-letters/headers.js';
export {
  type DeadLetter,
  type LetterPosition,
  readDeadLetter,
  readReplayedMark,
  replayedMark,
  replayHeaders,
} from './dead-letters/letter.js';
export type {
  DeadLetterKey,
  DeadLetterLimit,
  DeadLetterOptions,
  DeadLetterPayload,
} from './dead-letters/options.js';
export { openDeadLetter, type SealedRecord } from './dead-letters/sealed.js';
export type * from './drivers/port.js';
export { type Coordinates, type DecodeRule, type ErrorCode, isKafkaRxError, KafkaRxError } from './errors.js';
export { type Header, type Headers, noHeaders } from './headers.js';
export type { Verdict } from './leases/delivery.js';
export type { AppState, Health, LifecycleEvent } from './lifecycle/events.js';
export { type Logger, silentLogger } from './logger.js';
export {
  type Counter,
  type Histogram,
  type Labels,
  type MemoryMetrics,
  type Metrics,
  memoryMetrics,
  type Sample,
} from './metrics/metrics.js';
export { promMetrics } from './metrics/prom-metrics.js';
export { type Policies, type Policy, type RetryOptions, retry } from './policies/policy.js';
export type { KafkaRecord } from './record.js';
export { type ResetOptions, resetGroup } from './reset-group.js';
export type { EachFunction, EachSinkOptions } from './sinks/each-sink.js';
export type { GuardOptions } from './sinks/guard.js';
export { murmur2, partitionForKey } from './sinks/partitioner.js';
export type { SinkOptions } from './sinks/sink.js';
export type { StoreSinkOptions } from './sinks/store-sink.js';
export type { TopicSinkOptions } from './sinks/topic-sink.js';
export type { ReplayTrust } from './source/admission.js';
export type { Bounds } from './source/dispatcher.js';
export type { TopicSelector } from './source/topic-pattern.js';
export { type MemoryStore, memoryStore } from './stores/memory-store.js';
export type {
  Document,
  DocumentSource,
  Store,
  StoredDocument,
  StoreOptions,
  StorePosition,
  StorePositions,
  TimeRange,
} from './stores/port.js';
export type { NodeKind, TopologyDescription, TopologyEdge, TopologyNode } from './topology/graph.js';
