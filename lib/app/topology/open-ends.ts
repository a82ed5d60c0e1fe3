import { KafkaRxError } from '../../errors/errors.js';

/**
 * What is wired and leads nowhere: streams that nobody subscribed, and subscriptions that are no sink. Both commit records for
 * which nothing was done. Looked at once, by `run()`; of what comes later only the second kind is told, where it is made.
 *
 * What an operator of rxjs hides is not seen: a stream that is subscribed elsewhere too, a `subscribe` behind a plain `merge`,
 * `defer` or Subject.
 */
export class OpenEnds {
  /** Streams made by an operator and neither subscribed nor piped on, with the name of the node they come from. */
  readonly #unheard = new Map<object, string>();
  /** Nodes with a subscription that is no sink, once for each. */
  readonly #bare = new Map<object, string>();
  /** Sinks that may end, and have: what is subscribed with one again would lead nowhere. */
  readonly #endedSinks = new Set<string>();
  #closed = false;
  #over = false;

  /** A stream was made of the node's. */
  made(stream: object, node: string): void {
    if (!this.#closed) this.#unheard.set(stream, node);
  }

  /** It was subscribed, or another was made of it. */
  heard(stream: object): void {
    this.#unheard.delete(stream);
  }

  /**
   * Somebody subscribed who is no sink.
   *
   * @returns what to call when that has ended
   * @throws `PATH_WITHOUT_SINK` once the wiring is done, and until the app has ended
   */
  bare(node: string): () => void {
    if (this.#over) return () => {};
    if (this.#closed) throw withoutSink(node, late);
    const end = {};
    this.#bare.set(end, node);
    return () => void this.#bare.delete(end);
  }

  sinkEnded(sink: string): void {
    this.#endedSinks.add(sink);
  }

  /** @throws `SINK_ENDED` for a sink that ended before the app: rxjs would let it have nothing, and say nothing */
  refuseEnded(sink: string): void {
    if (this.#endedSinks.has(sink)) throw endedSink(sink);
  }

  get areOver(): boolean {
    return this.#over;
  }

  /** The app has ended: whatever is subscribed completes at once, and no record comes. */
  over(): void {
    this.#over = true;
    this.#endedSinks.clear();
  }

  /** @throws `PATH_WITHOUT_SINK`, `STREAM_WITHOUT_SUBSCRIBER` for the first of each */
  close(): void {
    this.#closed = true;
    const [bare] = this.#bare.values();
    const [unheard] = this.#unheard.values();
    // Nothing asks for the streams again, and they hold a good part of the graph.
    this.#unheard.clear();
    this.#bare.clear();
    if (bare !== undefined) throw withoutSink(bare);
    if (unheard === undefined) return;
    throw new KafkaRxError(
      'STREAM_WITHOUT_SUBSCRIBER',
      `A stream that was made of '${unheard}' has no subscriber: its records would be committed unread`,
      {
        remedy:
          'Subscribe a sink to it, or do not make it; merge with a number and concat listen to some of their streams only, ' +
          'mergeNamed to all of them',
      },
    );
  }
}

const wired =
  'End it in app.to, app.store or app.each, which is awaited; put what takes time into mapAsync, which may also be ' +
  'the end (subscribe() without a function); where records are only to be looked at, subscribe app.watch(fn)';

const late =
  'While the app runs, subscribe what app.to, app.store, app.each or, where records are only to be looked at, app.watch(fn) ' +
  'gave before run(): after it none can be made';

function endedSink(sink: string): KafkaRxError {
  return new KafkaRxError('SINK_ENDED', `The sink '${sink}' has ended, and can be subscribed no more`, {
    remedy: 'Subscribe another sink that was made before run() and has not ended, one for each time',
  });
}

function withoutSink(node: string, remedy: string = wired): KafkaRxError {
  return new KafkaRxError(
    'PATH_WITHOUT_SINK',
    `A path from '${node}' ends in a subscribe that is no sink: its records would be committed whatever becomes of them`,
    { remedy },
  );
}
