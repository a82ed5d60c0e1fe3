import type { TopicView } from '../../flow/source/topic-view.js';
import type { Lifecycle } from './lifecycle.js';

/**
 * Tells of sources that nobody hears any more. Nothing is wrong with such a source where its sinks may end; but what one view of
 * a topic does not hear is not committed, and so the other views wait with it.
 */
export class UnheardViews {
  readonly #lifecycle: Lifecycle;
  readonly #ends = new Map<TopicView, () => void>();

  constructor(lifecycle: Lifecycle) {
    this.#lifecycle = lifecycle;
  }

  /** One of them may have gained or lost a subscriber. */
  look(views: readonly TopicView[]): void {
    // Before, run() looks at them all; afterwards they end with the app. Records come as soon as the group has answered, when the
    // app is starting still.
    const { state } = this.#lifecycle;
    if (state !== 'starting' && state !== 'running') return;
    for (const view of views) {
      const end = this.#ends.get(view);
      if (view.isHeard) {
        end?.();
        this.#ends.delete(view);
      } else if (end === undefined) {
        this.#ends.set(view, this.#lifecycle.waits.begin({ reason: unheard(view.name) }));
      }
    }
  }
}

function unheard(view: string): string {
  return (
    `nobody is subscribed to the source '${view}' any more: its partitions are not read, by other sources of the same ` +
    'topics neither, and nothing more of them is committed; ' +
    'subscribe a sink to it that was made before run() and has not ended, or restart, without the source if nobody is to hear it; ' +
    'what was under way comes again only after a restart'
  );
}
