import { changingOutput, foundTopics } from '../changing-topics.js';
import type { Evidence, TopicLife, Violation } from '../evidence.js';

/** What is under way when a topic goes may still be written so much later; a fault holds longer than that. */
const underWayMs = 20_000;
/** The app looks every 2 s; a rebalance follows. */
const foundMs = 15_000;
/** From the first topic to where members are ready. */
const firstMs = 5_000;

/**
 * Topics that come and go: every record of a topic that there is was processed, from its first one on; nothing of one
 * that is gone comes back; a topic that was made anew has offsets and documents of its own.
 */
export function* changingTopics({ changing }: Evidence): Generator<Violation> {
  const { lives, log, output, documents, committed } = changing;
  const outputMadeMs = lives.findLast(({ topic }) => topic === changingOutput)?.madeMs ?? 0;
  const copied = new Set(output.map(({ id }) => id));
  const stored = new Set(documents.map(({ id }) => id));
  for (const { topic, partition, offset, id, appendedMs } of log) {
    const at = `${id} of ${topic} ${partition}/${offset}`;
    // What was acknowledged by an output that has gone since went with it.
    if (!copied.has(id) && appendedMs > outputMadeMs)
      yield {
        invariant: 'every record of a topic that there is',
        detail: `${at} is not in ${changingOutput}`,
      };
    if (!stored.has(id))
      yield { invariant: 'every record of a topic that there is', detail: `${at} is in no store` };
  }
  yield* resurrected(lives, output);
  yield* unread(lives, output);
  yield* mixed(documents);
  for (const { topic, partition, offset, end } of committed) {
    if (offset === end || (end === 0 && offset === -1)) continue;
    yield {
      invariant: 'a topic made anew has offsets of its own',
      detail: `${topic} ${partition}: committed ${offset}, its end is ${end}`,
    };
  }
}

function* unread(lives: readonly TopicLife[], output: Evidence['changing']['output']): Generator<Violation> {
  const first = new Map<string, number>();
  for (const { id, appendedMs } of output) {
    const life = lifeOf(id);
    first.set(life, Math.min(first.get(life) ?? appendedMs, appendedMs));
  }
  const beganMs = lives[0]?.madeMs ?? 0;
  const outputMadeMs = lives.findLast(({ topic }) => topic === changingOutput)?.madeMs ?? 0;
  for (const { topic, number, madeMs, deletedMs } of lives) {
    // The first ones wait for the first members; copies of before went with an output that was made anew.
    if (!foundTopics.test(topic) || madeMs < beganMs + firstMs || madeMs < outputMadeMs) continue;
    const readMs = first.get(`${topic}#${number}`) ?? Number.POSITIVE_INFINITY;
    if (readMs <= madeMs + foundMs || (deletedMs ?? Number.POSITIVE_INFINITY) <= madeMs + foundMs) continue;
    const took = readMs === Number.POSITIVE_INFINITY ? 'never' : `after ${readMs - madeMs} ms`;
    yield { invariant: 'a topic that a RegExp matches is soon read', detail: `${topic} was read ${took}` };
  }
}

function* resurrected(
  lives: readonly TopicLife[],
  output: Evidence['changing']['output'],
): Generator<Violation> {
  const deletedMs = new Map(lives.map(life => [`${life.topic}#${life.number}`, life.deletedMs]));
  for (const { id, appendedMs } of output) {
    const gone = deletedMs.get(lifeOf(id));
    if (gone === undefined || appendedMs <= gone + underWayMs) continue;
    const detail = `${id} was written ${appendedMs - gone} ms after its topic was deleted`;
    yield { invariant: 'nothing of a deleted topic comes back', detail };
  }
}

/** Documents are filed by the identity of their topic, so those of two lives never share one. */
function* mixed(documents: Evidence['changing']['documents']): Generator<Violation> {
  const lifeOfOrigin = new Map<string, string>();
  for (const { origin, id } of documents) {
    const life = lifeOf(id);
    const before = lifeOfOrigin.get(origin) ?? life;
    lifeOfOrigin.set(origin, before);
    if (before === life) continue;
    const detail = `${origin} has documents of ${before} and of ${life}`;
    yield { invariant: 'a topic made anew has documents of its own', detail };
  }
}

function lifeOf(id: string): string {
  return id.slice(0, id.indexOf(':'));
}
