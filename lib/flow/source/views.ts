import type { Place } from '../../app/topology/topology-observable.js';
import { mayRead } from './topic-pattern.js';
import type { TopicView } from './topic-view.js';

/** All `app.topic(…)` of a topology, and which of them see a topic. */
export class Views {
  readonly all: TopicView[] = [];
  readonly #ownOutputs: ReadonlySet<string>;
  #changed: () => void = () => {};

  /** @param ownOutputs the topics that the app's sinks write */
  constructor(ownOutputs: ReadonlySet<string>) {
    this.#ownOutputs = ownOutputs;
  }

  add(view: TopicView): void {
    this.all.push(view);
  }

  /** The views that see a topic; what a RegExp finds is never internal nor written by the app itself. */
  of(topic: string): readonly TopicView[] {
    return this.all.filter(({ pattern }) => mayRead(pattern, topic, this.#ownOutputs));
  }

  /** A record of `topic` reached a sink; where no wiring was seen to lead there, the way is noted as observed. */
  observe(topic: string, { graph, node }: Place): void {
    const sources = this.of(topic).map(view => view.place.node);
    if (sources.some(source => graph.leads(source, node))) return;
    for (const source of sources) graph.connect(source, node, true);
  }

  /** Sentences on sources of which records were handed out and none has come to a sink, nor is a way to one known. */
  withoutWay(lanes: readonly { readonly topic: string; readonly opened: number }[]): readonly string[] {
    const topics = new Set(lanes.filter(({ opened }) => opened > 0).map(({ topic }) => topic));
    return this.all
      .filter(({ pattern, place }) => {
        const { graph, node } = place;
        return !graph.endsWell(node) && [...topics].some(topic => pattern.matches(topic));
      })
      .map(
        ({ name }) =>
          `no record of '${name}' has come to a sink of this app: where an operator drops them all that is well, ` +
          'otherwise they are committed without anything done, until it is started again with app.each or mapAsync at the end of the path',
      );
  }

  /** Who is to hear when a view gains or loses a subscriber: one, made after the views. */
  onSubscribersChanged(call: () => void): void {
    this.#changed = call;
  }

  subscribersChanged(): void {
    this.#changed();
  }
}
