import type { Observable } from 'rxjs';
import { awaitingObservable, ofAnotherApp, placeOfAny } from '../lib/app/topology/topology-observable.js';
import { nameKind } from '../lib/base/name-kinds.js';
import { checkArgument, checkOptions, type Fields } from '../lib/base/option-schema.js';
import { receive } from '../lib/base/receive.js';
import { type OperatorOptions, processFailed } from '../lib/errors/policies/process-failed.js';
import { emit, giveUp, hostOf, lease, release, withoutDelivery } from '../lib/flow/leases/leases.js';
import { type NestedDelivery, nestedDelivery } from '../lib/flow/leases/nested-delivery.js';
import { type AppSink, appSinkKind } from '../lib/flow/sinks/app-sink.js';
import { isRecord } from '../lib/record/is-record.js';
import type { KafkaRecord } from '../lib/record/record.js';

export const throughOptions: Fields<Pick<OperatorOptions, 'name'>> = { name: nameKind };

/**
 * Hands each record to a sink and goes on with it once the sink has made it durable.
 *
 * ```
 * source   --a----b------|
 * sink       a    b          (acknowledged 3 frames later)
 * result   -----a----b---|
 * ```
 *
 * A record that the sink skips or turns into a dead letter does not go on. Records go on in the order in which the sink is done
 * with them: a store and `app.each` keep that of each partition read, a topic that of each of its own partitions. So records of one key stay in order behind
 * `app.to` where they go to one partition of that topic, as where it keeps their key. Behind one that keys them anew (`keyBy`) they may go on
 * out of order: write what needs the order beside it, not behind it, or read it back from that topic. Completes when the source has and nothing is pending; an
 * error of the source goes through at once. What the sink has when the stream ends is written still.
 *
 * @param sink one of `app.to`, `app.store`, `app.each`. Another Observer does not say when it is done: `mapAsync` waits for a function
 *   of your own
 * @throws `CONFIGURATION` for anything else, `TOPOLOGY` for a sink of another app
 * @example
 * ```ts
 * masked$.pipe(through(app.store(history)), project(toReward)).subscribe(app.to('rewards', rewardOptions));
 * ```
 * @category Operators @since 0.1.0
 */
export function through<K, V>(
  sink: AppSink<KafkaRecord<K, V>>,
  options: Pick<OperatorOptions, 'name'> = {},
): <R extends KafkaRecord<K, V>>(source: Observable<R>) => Observable<R> {
  checkArgument('through', 'the sink', appSinkKind, sink);
  checkOptions('through', throughOptions, options);
  const place = placeOfAny(sink);
  const name = options.name ?? `through(${place?.node.name ?? 'sink'})`;
  return <R extends KafkaRecord<K, V>>(source: Observable<R>) => {
    const result = awaitingObservable<R>(name, [source], (subscriber, node) => {
      /** What the sink has, and is to go on; the sink's own leases go on when this has ended. */
      const pending = new Map<NestedDelivery<K, V>, R>();
      let sourceCompleted = false;
      subscriber.add(() => {
        for (const record of pending.values()) giveUp(record);
        pending.clear();
      });
      receive(
        source,
        subscriber,
        record => {
          if (isRecord(record) && hostOf(record) === undefined) {
            subscriber.error(withoutDelivery(name, undefined, record));
            return;
          }
          if (!lease(record, node, subscriber)) return;
          const inner = nestedDelivery(record, handled => {
            if (!pending.delete(inner)) return;
            if (handled) emit(subscriber, record);
            release(record);
            if (sourceCompleted && pending.size === 0) subscriber.complete();
          });
          pending.set(inner, record);
          try {
            sink.next(inner.record);
          } catch (cause) {
            // None of ours throws. The problem is the inner record's: it does not go on.
            processFailed(inner.record, node, cause, undefined, subscriber);
          }
          inner.handedOver();
        },
        () => {
          sourceCompleted = true;
          if (pending.size === 0) subscriber.complete();
        },
      );
    });
    const here = placeOfAny(result);
    if (here !== undefined && place !== undefined && here.graph !== place.graph) {
      throw ofAnotherApp(place.node.name, here.node.name);
    }
    if (here !== undefined && place !== undefined) {
      here.graph.connect(here.node, place.node);
      here.graph.handBack(place.node, here.node);
    }
    return result;
  };
}
