import type { Place } from '../../app/topology/topology-observable.js';
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
    const hidden = this.#ownOutputs.has(topic) || topic.startsWith('__');
    return this.all.filter(({ pattern }) => pattern.matches(topic) && !(pattern.dynamic && hidden));
  }

  /** A record of `topic` reached a sink; where no wiring was seen to lead there, the way is noted as observed. */
  observe(topic: string, { graph, node }: Place): void {
    const sources = this.of(topic).map(view => view.place.node);
    if (sources.some(source => graph.leads(source, node))) return;
    for (const source of sources) graph.connect(source, node, true);
  }

  /** Who is to hear when a view gains or loses a subscriber: one, made after the views. */
  onSubscribersChanged(call: () => void): void {
    this.#changed = call;
  }

  subscribersChanged(): void {
    this.#changed();
  }
}
