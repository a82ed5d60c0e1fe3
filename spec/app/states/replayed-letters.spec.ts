/** A letter that is replayed for whom it failed is counted by no state that has counted its record: neither by one above that, nor by one of another branch. */
import {
  type App,
  type AppOptions,
  type DeadLetter,
  type KafkaRecord,
  number,
  readDeadLetter,
  replayHeaders,
  string,
} from 'kafka-rx';
import { mapValue } from 'kafka-rx/operators';
import { count } from 'kafka-rx/state';
import type { Observable } from 'rxjs';
import { Members } from '../members.js';

const texts = { key: string, value: string };
const counts = { key: string, value: number };
const options = {
  policies: { process: 'dead-letter' },
  deadLetters: { topic: 'dead', limit: 'none' },
  commit: { intervalMs: 100 },
} as const;

type Records = Observable<KafkaRecord<string, string>>;

describe.each(['at-least-once', 'exactly-once'] as const)('%s', guarantee => {
  /** Two records, of which something fails with the second; mended, that one is replayed, and another comes. */
  async function replayed(
    wire: (app: App, in$: Records, fails: () => boolean) => void,
    then: Partial<AppOptions> = {},
  ) {
    const all = new Members({ in: 1, out: 1, other: 1, dead: 1 });
    let isBroken = true;
    let seen = 0;
    const topology = (app: App): void => wire(app, app.topic('in', texts), () => isBroken && ++seen === 2);
    const publish = (headers: ReturnType<typeof replayHeaders> = []) =>
      all.broker.publish('in', [{ key: 'a', value: 'x', headers }]);
    const letters = () =>
      all.broker.records('dead').map(({ headers }) => readDeadLetter(headers) as DeadLetter);
    const first = all.start(topology, { ...options, guarantee });
    publish();
    publish();
    await all.pass(2_000);
    await all.stop(first);
    isBroken = false;
    const next = all.start(topology, { ...options, guarantee, ...then });
    const [told] = letters();
    if (told === undefined) throw new Error('no dead letter');
    publish(replayHeaders([], { topic: 'dead', partition: 0, offset: 0 }, told, told.at));
    publish();
    await all.pass(2_000);
    await all.stop(next);
    expect(next.outcome).toBe('done');
    const shown = (topic: string) => all.broker.records(topic).map(({ key, value }) => `${key}${value}`);
    return { out: shown('out'), other: shown('other'), again: letters().slice(1) };
  }

  const failing =
    <V>(fails: () => boolean) =>
    (value: V): V => {
      if (fails()) throw new Error('broken');
      return value;
    };

  const below = (app: App, in$: Records, fails: () => boolean): void =>
    void in$
      .pipe(count(app.state('counts', counts)), mapValue(failing<number>(fails)))
      .subscribe(app.to('out', counts));

  test('one of what is below a state is set aside again, with the state and why', async () => {
    const { out, again } = await replayed(below);
    expect(out).toEqual(['a1', 'a3']);
    expect(again).toMatchObject([
      { reason: 'REPLAY_TARGET', node: 'mapValue', way: 'in -> count(counts) -> mapValue => out' },
    ]);
  });

  test('where there is no topic for it any more it comes to nobody', async () => {
    const { out } = await replayed(below, { policies: {}, deadLetters: undefined });
    expect(out).toEqual(['a1', 'a3']);
  });

  test('one of what is above a state is counted, for the first time', async () => {
    const { out, again } = await replayed(
      (app, in$, fails) =>
        void in$
          .pipe(mapValue(failing<string>(fails)), count(app.state('counts', counts)))
          .subscribe(app.to('out', counts)),
    );
    expect([out, again]).toEqual([['a1', 'a2', 'a3'], []]);
  });

  test('one of another branch passes the state by', async () => {
    const { out, other, again } = await replayed((app, in$, fails) => {
      in$.pipe(count(app.state('counts', counts))).subscribe(app.to('out', counts));
      in$.pipe(mapValue(failing<string>(fails))).subscribe(app.to('other', texts));
    });
    expect([out, other, again]).toEqual([['a1', 'a2', 'a3'], ['ax', 'ax', 'ax'], []]);
  });
});
