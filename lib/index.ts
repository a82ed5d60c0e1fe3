/** @packageDocumentation The core: `kafka-rx`. Needs rxjs and nothing else. */
export { createApp } from './app/app.js';
export type { App, TopicOptions } from './app/interface.js';
export type { AppState, Health, LifecycleEvent } from './app/lifecycle/events.js';
export { onSignals } from './app/lifecycle/signals.js';
export type { AppOptions } from './app/options.js';
export { type ResetOptions, resetGroup } from './app/reset-group.js';
export type {
  StateDescription,
  SubTopologyDescription,
  TopologyDescription,
} from './app/topology/description.js';
export type { NodeKind, TopologyEdge, TopologyNode } from './app/topology/node.js';
export { type Clock, systemClock, type Timer } from './base/clock.js';
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
export { bytes } from './codecs/bytes.js';
export type { Codec, TypeOf } from './codecs/codec.js';
export { json } from './codecs/json.js';
export { nullable } from './codecs/nullable.js';
export { number } from './codecs/number.js';
export { string } from './codecs/string.js';
export type * from './drivers/port.js';
export { deadLetterPrefix, replayPrefix } from './errors/dead-letters/headers.js';
export {
  type DeadLetter,
  type LetterPosition,
  type OriginalCoordinates,
  type ReplayBranch,
  readDeadLetter,
  readReplayedMark,
  replayedMark,
  replayHeaders,
} from './errors/dead-letters/letter.js';
export type {
  DeadLetterKey,
  DeadLetterLimit,
  DeadLetterOptions,
  DeadLetterPayload,
} from './errors/dead-letters/options.js';
export { openDeadLetter, type SealedRecord } from './errors/dead-letters/sealed.js';
export {
  type Coordinates,
  type DecodeRule,
  type ErrorCode,
  isKafkaRxError,
  KafkaRxError,
} from './errors/errors.js';
export { type Policies, type Policy, type RetryOptions, retry } from './errors/policies/policy.js';
export type { CommitResult, CommitTarget, CommitTrigger } from './flow/commit/commit-cycle.js';
export {
  type Advanced,
  type CommitPoint,
  commitInOrder,
  type DeliveryEvent,
  type LaneIdentity,
  type Revoked,
  type Settled,
} from './flow/commit/commit-in-order.js';
export { commitTo } from './flow/commit/commit-to.js';
export type { NewStoreCause, OnStoreLost, StoreNew } from './flow/commit/new-stores.js';
export type { Verdict } from './flow/leases/delivery.js';
export type { AppSink } from './flow/sinks/app-sink.js';
export type { EachFunction, EachSinkOptions } from './flow/sinks/each-sink.js';
export type { GuardOptions } from './flow/sinks/guard.js';
export { murmur2, partitionForKey } from './flow/sinks/partitioner.js';
export type { SinkOptions } from './flow/sinks/sink.js';
export type { StoreSinkOptions } from './flow/sinks/store-sink.js';
export type { TopicSinkOptions } from './flow/sinks/topic-sink.js';
export type { WatchOptions } from './flow/sinks/watcher.js';
export type { ReplayTrust } from './flow/source/admission.js';
export type { Bounds } from './flow/source/bounds.js';
export type { TopicSelector } from './flow/source/topic-pattern.js';
export { type Logger, silentLogger } from './logging/logger.js';
export {
  type Counter,
  type Histogram,
  type Labels,
  type MemoryMetrics,
  type Metrics,
  memoryMetrics,
  type Sample,
} from './logging/metrics/metrics.js';
export { promMetrics } from './logging/metrics/prom-metrics.js';
export { type Header, type Headers, noHeaders } from './record/headers.js';
export type { NotLater } from './record/not-later.js';
export type { KafkaRecord } from './record/record.js';
export { type MemoryStore, type MemoryStoreOptions, memoryStore } from './stores/memory-store.js';
export { isOfTopic, originOf } from './stores/origin.js';
export type {
  BeginBelow,
  Document,
  DocumentMember,
  DocumentSource,
  DocumentStore,
  StoredDocument,
  StoreOptions,
  StorePosition,
  StorePositions,
  TimeRange,
} from './stores/port.js';
