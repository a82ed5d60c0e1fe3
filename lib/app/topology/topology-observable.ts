import {
  Observable,
  type Observer,
  type Operator,
  type Subscriber,
  type Subscription,
  type TeardownLogic,
} from 'rxjs';
import { checkSource } from '../../base/check-source.js';
import { forAllCopies } from '../../base/for-all-copies.js';
import { leadsOn } from '../../base/leads-on.js';
import type { MaskedField } from '../../card/masked-field.js';
import { KafkaRxError } from '../../errors/errors.js';
import { outsideTopology } from '../../flow/leases/outside-topology.js';
import type { NamedOperator, TopologyGraph } from './graph.js';
import type { TopologyNode } from './node.js';

/** A node in its graph. */
export interface Place {
  readonly graph: TopologyGraph;
  readonly node: TopologyNode;
  /** Of a sink that may end: what is subscribed in its place, anew each time. */
  readonly subscription?: () => Subscription & Observer<unknown>;
}

/** The key under which our Observables say where in the topology they stand. */
const placeOf: unique symbol = Symbol.for('kafka-rx.place') as never;

/**
 * The node whose subscription is being made, as long as that takes: who subscribes meanwhile does so on its behalf. One for all
 * copies of the library in a process: an operator of the one subscribes a source of the other.
 */
const making = forAllCopies<{ node: TopologyNode | undefined }>('kafka-rx.subscribing', { node: undefined });

/**
 * An Observable that knows its node and notes who subscribes to it.
 *
 * rxjs tells an Observer nothing of what it was subscribed to. Overriding `lift` keeps the node through every plain
 * operator between ours (map, filter, share, …), overriding `subscribe` sees a sink arrive. These two members are
 * the only rxjs internals in use here; docs/decisions.md argues why.
 */
export class TopologyObservable<T> extends Observable<T> {
  readonly [placeOf]: Place;

  constructor(place: Place, subscribe?: (subscriber: Subscriber<T>) => TeardownLogic) {
    super(subscribe);
    this[placeOf] = place;
  }

  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    // rxjs's ConnectableObservable (publish, multicast) borrows this method from its source.
    const place: Place | undefined = this[placeOf] ?? placeOfAny(this.source);
    const lifted = place === undefined ? new Observable<R>() : new TopologyObservable<R>(place);
    if (place !== undefined) madeOf(place, lifted, [this]);
    lifted.source = this;
    lifted.operator = operator;
    return lifted;
  }

  override subscribe(observer?: Partial<Observer<T>>): Subscription;
  override subscribe(next: (value: T) => void): Subscription;
  override subscribe(
    next?: ((value: T) => void) | null,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription;
  override subscribe(
    observer?: Partial<Observer<T>> | ((value: T) => void) | null,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    const { graph, node } = this[placeOf];
    graph.ends.heard(this);
    const sink = placeOfAny(observer);
    if (sink !== undefined && sink.graph !== graph) throw ofAnotherApp(sink.node.name, node.name);
    if (sink !== undefined) {
      graph.ends.refuseEnded(sink.node.id);
      graph.connect(node, sink.node);
      return this.#subscribed(sink.subscription?.() ?? observer, error, complete);
    }
    if (making.node === undefined || !graph.carries(node, making.node)) {
      graph.leak(node);
      if (!leadsOn(observer) && !this.#isDone(observer))
        return this.#subscribedBare(observer, error, complete);
    }
    return this.#subscribed(observer, error, complete);
  }

  /** Goes through `subscribe` with a Subscriber of rxjs's, which looks like that of an operator. */
  override forEach(next: (value: T) => void, promise?: PromiseConstructorLike): Promise<void> {
    const { graph, node } = this[placeOf];
    graph.ends.bare(node.id);
    // Left out, rxjs takes the one that it was configured with.
    return promise === undefined ? super.forEach(next) : super.forEach(next, promise);
  }

  /** Nothing is done with what comes: that is well where an operator of ours before has awaited the work. */
  #isDone(observer: Partial<Observer<T>> | ((value: T) => void) | null | undefined): boolean {
    const { graph, node } = this[placeOf];
    const hears = typeof observer === 'function' || typeof observer?.next === 'function';
    return !hears && this.operator === undefined && graph.isAwaited(node);
  }

  #subscribedBare(
    observer?: Partial<Observer<T>> | ((value: T) => void) | null,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    const { graph, node } = this[placeOf];
    const ended = graph.ends.bare(node.id);
    const subscription = this.#subscribed(observer, error, complete);
    subscription.add(ended);
    return subscription;
  }

  #subscribed(
    observer?: Partial<Observer<T>> | ((value: T) => void) | null,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    const outer = making.node;
    making.node = this[placeOf].node;
    try {
      if (typeof observer !== 'object' || observer === null) {
        return super.subscribe(observer, error, complete);
      }
      return super.subscribe(observer);
    } finally {
      making.node = outer;
    }
  }
}

/** By sink, and not on it: a copy of a sink's fields with a `next` of its own is none. */
const placesOfSinks = forAllCopies('kafka-rx.places', new WeakMap<object, Place>());

/** The place of one of our Observables or sinks; undefined for anything else. */
export function placeOfAny(thing: unknown): Place | undefined {
  if (typeof thing !== 'object' || thing === null) return undefined;
  return placesOfSinks.get(thing) ?? (thing as { [placeOf]?: Place })[placeOf];
}

/** Notes the place of a sink. */
export function placed<T extends object>(sink: T, place: Place): T {
  placesOfSinks.set(sink, place);
  return sink;
}

/**
 * Makes the Observable of an operator: a node of its own below those of its sources, when these have one.
 *
 * @param named its name, with its own policy where it has one
 * @param subscribe given the node's id as well, by which problems and leases name the operator
 * @param masks the fields of the value that the operator masks
 * @throws `CONFIGURATION` where the policy wants dead letters and there is no topic for them
 */
export function operatorObservable<R>(
  named: string | NamedOperator,
  sources: readonly Observable<unknown>[],
  subscribe: (subscriber: Subscriber<R>, node: string) => TeardownLogic,
  masks: readonly MaskedField[] = [],
): Observable<R> {
  const operator = typeof named === 'string' ? { name: named } : named;
  const { name } = operator;
  for (const source of sources) checkSource(name, source);
  const places = sources.map(placeOfAny).filter(place => place !== undefined);
  const graph = places[0]?.graph;
  if (graph === undefined) {
    return new Observable(subscriber => {
      outsideTopology.add(subscriber);
      return subscribe(subscriber, name);
    });
  }
  const stranger = places.find(place => place.graph !== graph);
  if (stranger !== undefined) throw ofAnotherApp(name, stranger.node.name);
  const above = places.map(place => place.node);
  const node = graph.operator(operator, above, masks);
  const made = new TopologyObservable<R>({ graph, node }, subscriber => subscribe(subscriber, node.id));
  madeOf({ graph, node }, made, sources);
  return made;
}

/** What keeps a record's offset is its own app, and what a sink has done is heard by the sink's: the two are one. */
export function ofAnotherApp(name: string, source: string): KafkaRxError {
  return new KafkaRxError('TOPOLOGY', `'${name}' was wired to '${source}', which belongs to another app`, {
    remedy:
      'Take app.to, app.store and app.each of the app whose stream it is; between two apps records go by way of a topic',
  });
}

/** The same for an operator that awaits the work on a record before it hands it on: a path may end there. */
export function awaitingObservable<R>(
  named: string | NamedOperator,
  sources: readonly Observable<unknown>[],
  subscribe: (subscriber: Subscriber<R>, node: string) => TeardownLogic,
): Observable<R> {
  const made = operatorObservable(named, sources, subscribe);
  const place = placeOfAny(made);
  place?.graph.awaits(place.node);
  return made;
}

function madeOf({ graph, node }: Place, stream: object, sources: readonly object[]): void {
  for (const source of sources) graph.ends.heard(source);
  graph.ends.made(stream, node.id);
}
