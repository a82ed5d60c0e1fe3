import type { Observable } from 'rxjs';
import { required, whole } from '../base/option-kinds.js';
import type { Fields } from '../base/option-schema.js';
import { type Codec, codecKind } from '../codecs/codec.js';
import type { AppSink } from '../flow/sinks/app-sink.js';
import type { KafkaRecord } from '../record/record.js';

/** @category State @since 0.2.0 */
export interface InternalTopicOptions<K, V> {
  readonly key: Codec<K>;
  readonly value: Codec<V>;
  /** Of the topic when it is made, and for good. Default: as many as the topics have whose records go by it. */
  readonly partitions?: number | undefined;
}

export const internalTopicOptions: Fields<InternalTopicOptions<unknown, unknown>> = {
  key: required(codecKind),
  value: required(codecKind),
  partitions: whole(1),
};

/**
 * A topic of the app's own, by which records come together that belong together: made by `app.internal`, given to `repartition`.
 *
 * @category State @since 0.2.0
 */
export interface InternalTopic<K, V> {
  readonly name: string;
  /** As Kafka has it: `<groupId>-<name>-repartition`. */
  readonly topic: string;
  /** @internal */
  readonly way: {
    readonly sink: AppSink<KafkaRecord<K, V>>;
    readonly records$: Observable<KafkaRecord<K, V>>;
  };
}
