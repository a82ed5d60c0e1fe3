import type { Observable, OperatorFunction, Subscriber } from 'rxjs';
import { ofAnotherApp, operatorObservable, placeOfAny } from '../../lib/app/topology/topology-observable.js';
import { forAllCopies } from '../../lib/base/for-all-copies.js';
import { receive } from '../../lib/base/receive.js';
import { KafkaRxError } from '../../lib/errors/errors.js';
import { processFailed } from '../../lib/errors/policies/process-failed.js';
import type { Lane } from '../../lib/flow/leases/delivery.js';
import { laneOf, lease, release } from '../../lib/flow/leases/leases.js';
import type { KafkaRecord } from '../../lib/record/record.js';
import { share } from '../share.js';
import { StateInTask } from './state-in-task.js';
import type { OperatorPlace, StateOperator } from './state-operator-parts.js';

/** How many there are: one that is made later has no results for one that was made before. */
const operators = forAllCopies('kafka-rx.state-operators', { made: 0 });

/** An operator with state over one stream. */
export function stateOperator<K, V, A, L, R, I = K>(
  parts: StateOperator<K, V, A, L, R, I>,
): OperatorFunction<KafkaRecord<I, V>, KafkaRecord<L, R>> {
  return source => stateStream(parts, [source]);
}

/**
 * The Observable of an operator with state: of each record its task is looked up, and what that keeps. It is shared by construction: whoever hears
 * it as well counts nothing twice.
 *
 * @param sources all of them; it completes when they have
 */
export function stateStream<K, V, A, L, R, I = K>(
  parts: StateOperator<K, V, A, L, R, I>,
  sources: readonly Observable<KafkaRecord<I, V>>[],
): Observable<KafkaRecord<L, R>> {
  const { name, onError, state } = parts;
  const order = operators.made++;
  const made = operatorObservable<KafkaRecord<L, R>>({ name, onError }, sources, (subscriber, node) =>
    subscribed(parts, sources, subscriber, { node, order }),
  );
  const place = placeOfAny(made);
  if (place === undefined) throw outside(name);
  if (place.graph !== state.app) throw ofAnotherApp(state.name, place.node.name);
  state.writtenBy({ ...parts.writer, node: place.node });
  const late = placeOfAny(parts.late);
  if (late !== undefined) {
    if (late.graph !== place.graph) throw ofAnotherApp(late.node.name, place.node.name);
    place.graph.connect(place.node, late.node);
  }
  return made.pipe(share());
}

function subscribed<K, V, A, L, R, I>(
  parts: StateOperator<K, V, A, L, R, I>,
  sources: readonly Observable<KafkaRecord<I, V>>[],
  subscriber: Subscriber<KafkaRecord<L, R>>,
  where: OperatorPlace,
): void {
  const { state, onError } = parts;
  const { node } = where;
  const tasks = new Tasks(parts, subscriber, where);
  subscriber.add(state.onBegin(lane => tasks.of(lane)?.begins()));
  const take = (record: KafkaRecord<I, V>, side: number): void => {
    if (!lease(record, node, subscriber)) return;
    const lane = laneOf(record);
    try {
      const task = lane && tasks.of(lane);
      if (lane === undefined || task === undefined) throw withoutStates(parts.name, state.name, record);
      task.take(record, side, lane);
    } catch (cause) {
      processFailed(record, node, cause, onError, subscriber);
      release(record);
    }
  };
  let open = sources.length;
  const completed = (): void => {
    if (--open === 0) subscriber.complete();
  };
  for (const [side, source] of sources.entries()) {
    receive(source, subscriber, record => take(record, side), completed);
  }
}

/** The operator in each task, by the number of the task; made anew with each era of what it keeps. */
class Tasks<K, V, A, L, R, I> {
  readonly #parts: StateOperator<K, V, A, L, R, I>;
  readonly #subscriber: Subscriber<KafkaRecord<L, R>>;
  readonly #where: OperatorPlace;
  readonly #bySlot: (StateInTask<K, V, A, L, R, I> | undefined)[] = [];

  constructor(
    parts: StateOperator<K, V, A, L, R, I>,
    subscriber: Subscriber<KafkaRecord<L, R>>,
    where: OperatorPlace,
  ) {
    this.#parts = parts;
    this.#subscriber = subscriber;
    this.#where = where;
  }

  /** @returns undefined: the task keeps no states */
  of(lane: Lane): StateInTask<K, V, A, L, R, I> | undefined {
    const { orderSlot, states } = lane;
    const known = this.#bySlot[orderSlot];
    if (known !== undefined && known.states === states && known.era === states?.era) return known;
    if (states === undefined) return undefined;
    const made = new StateInTask(this.#parts, this.#subscriber, this.#where, lane, states);
    while (this.#bySlot.length < orderSlot) this.#bySlot.push(undefined);
    this.#bySlot[orderSlot] = made;
    return made;
  }
}

function outside(name: string): KafkaRxError {
  return new KafkaRxError('TOPOLOGY', `'${name}' is piped to a stream that comes from no app`, {
    remedy:
      'Pipe it to what app.topic gives, or an operator behind that; in a test use testApp, or marbles with an app',
  });
}

function withoutStates(name: string, state: string, record: KafkaRecord): KafkaRxError {
  return new KafkaRxError(
    'STATE',
    `'${name}' was handed a record of a task that does not keep the state '${state}'`,
    {
      at: record,
      remedy: 'Pipe it, before run(), to a stream of which the app knows the sources',
    },
  );
}
