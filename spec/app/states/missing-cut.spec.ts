/** Offsets that another tool has set are of no cut: what a state does then is said by `onMissingCut`. */
import { number, string } from 'kafka-rx';
import type { App } from '../../../lib/app/interface.js';
import type { OnMissingCut } from '../../../lib/state/state.js';
import { tumbling } from '../../../lib/time/tumbling.js';
import { count } from '../../../operators/state/count.js';
import { withState } from '../../../operators/state/withState.js';
import { Members } from '../members.js';

const texts = { key: string, value: string };
const counts = { key: string, value: number };

function counting(onMissingCut?: OnMissingCut) {
  return (app: App): void =>
    void app
      .topic('in', texts)
      .pipe(count(app.state('counts', { ...counts, onMissingCut })))
      .subscribe(app.to('out', counts));
}

const put = (all: Members, keys: string) =>
  all.broker.publish(
    'in',
    [...keys].map(key => ({ key, value: 'x' })),
  );
const results = (all: Members) => all.broker.records('out').map(({ key, value }) => `${key}${value}`);

/** An app counted, and then its group was set to the beginning by who knows nothing of states. */
async function setBack(): Promise<Members> {
  const all = new Members({ in: 1, out: 1 });
  const first = all.start(counting());
  put(all, 'aab');
  await all.pass(1_000);
  await all.stop(first);
  expect(results(all)).toEqual(['a1', 'a2', 'b1']);
  all.broker.setCommitted('group', { topic: 'in', partition: 0 }, 1);
  return all;
}

test("'fail', the default: the app fails and says what may be done", async () => {
  const all = await setBack();
  const next = all.start(counting());
  await all.pass(1_000);
  expect(next.outcome).toMatchObject({
    code: 'CUT_MISSING',
    at: { topic: 'in', partition: 0, offset: 1 },
    remedy: expect.stringContaining('onMissingCut'),
  });
});

test("'empty': the state begins anew at the offset that there is, and stays so", async () => {
  const all = await setBack();
  const next = all.start(counting('empty'));
  await all.pass(1_000);
  expect(results(all).slice(3)).toEqual(['a1', 'b1']);
  await all.stop(next);
  // By a changelog that told of what is gone; and the commit has its cut again.
  const last = all.start(counting());
  put(all, 'abc');
  await all.pass(1_000);
  expect(results(all).slice(5)).toEqual(['a2', 'b2', 'c1']);
  await all.stop(last);
});

test("'empty': a key that nothing came for is gone from the changelog too", async () => {
  const all = await setBack();
  all.broker.setCommitted('group', { topic: 'in', partition: 0 }, 2);
  await all.stop(await started(all, 'empty'));
  const last = await started(all);
  put(all, 'ab');
  await all.pass(1_000);
  expect(results(all).slice(3)).toEqual(['b1', 'a1', 'b2']);
  await all.stop(last);
});

test("'keep': it goes on with what it has", async () => {
  const all = await setBack();
  await all.stop(await started(all, 'keep'));
  expect(results(all).slice(3)).toEqual(['a3', 'b2']);
  const last = await started(all);
  put(all, 'a');
  await all.pass(1_000);
  expect(results(all).slice(5)).toEqual(['a4']);
  await all.stop(last);
});

test("'empty' forgets stream time as well: what comes again is not late", async () => {
  const windowed = (app: App): void =>
    void app
      .topic('in', texts)
      .pipe(
        count(app.state('counts', { ...counts, onMissingCut: 'empty' }), {
          window: tumbling(10, { graceMs: 0 }),
        }),
      )
      .subscribe(
        app.to('out', {
          key: string,
          keyBy: (_: number, record) => (record.key as { key: string }).key,
          value: number,
        }),
      );
  const all = new Members({ in: 1, out: 1 });
  const first = all.start(windowed);
  all.broker.publish('in', [
    { key: 'a', value: 'x', timestamp: 1 },
    { key: 'a', value: 'x', timestamp: 100 },
  ]);
  await all.pass(1_000);
  await all.stop(first);
  all.broker.setCommitted('group', { topic: 'in', partition: 0 }, 0);
  const next = all.start(windowed);
  await all.pass(1_000);
  expect(results(all).map(text => text.slice(-1))).toEqual(['1', '1', '1', '1']);
  await all.stop(next);
});

async function started(all: Members, onMissingCut?: OnMissingCut) {
  const member = all.start(counting(onMissingCut));
  await all.pass(1_000);
  return member;
}

test("'keep': a timer that waits rings, though no record comes", async () => {
  const timed =
    (onMissingCut?: OnMissingCut) =>
    (app: App): void =>
      void app
        .topic('in', texts)
        .pipe(
          withState<string, string, number, number>(
            app.state('timed', { ...counts, onMissingCut }),
            (record, own) => own.timers.set(record.timestamp + 60_000, 'late', { time: 'wall' }),
            { onTimer: () => 7 },
          ),
        )
        .subscribe(app.to('out', counts));
  const all = new Members({ in: 1, out: 1 });
  const first = all.start(timed());
  put(all, 'a');
  await all.pass(1_000);
  await all.stop(first);
  put(all, 'b');
  all.broker.setCommitted('group', { topic: 'in', partition: 0 }, 2);
  const next = all.start(timed('keep'));
  await all.pass(70_000);
  expect(results(all)).toEqual(['a7']);
  await all.stop(next);
});
