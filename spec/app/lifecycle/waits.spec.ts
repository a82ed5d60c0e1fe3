import { Lifecycle } from '../../../lib/app/lifecycle/lifecycle.js';
import { systemClock } from '../../../lib/base/clock.js';
import { silentLogger } from '../../../lib/logging/logger.js';

function running() {
  const lifecycle = new Lifecycle(silentLogger, systemClock);
  lifecycle.enter('running');
  lifecycle.tell({ type: 'assigned', partitions: [] });
  const events: unknown[] = [];
  lifecycle.events$.subscribe(event => events.push(event));
  return { lifecycle, events };
}

describe('what waits', () => {
  test('is a reason in health() and no readiness, until it is over; both are told', () => {
    const { lifecycle, events } = running();
    const end = lifecycle.waits.begin({ reason: 'the discovery fails' });
    expect(lifecycle.health()).toMatchObject({ ready: false, live: true, reasons: ['the discovery fails'] });
    end();
    end();
    expect(lifecycle.health()).toMatchObject({ ready: true, reasons: [] });
    expect(events).toEqual([
      { type: 'waiting', reason: 'the discovery fails' },
      { type: 'waited', reason: 'the discovery fails' },
    ]);
  });

  test('may leave the app ready', () => {
    const { lifecycle } = running();
    lifecycle.waits.begin({ reason: 'at a bound', ready: true });
    expect(lifecycle.health()).toMatchObject({ ready: true, reasons: ['at a bound'] });
  });

  test('begun twice is told once, and is over when both are', () => {
    const { lifecycle, events } = running();
    const ends = [1, 2].map(() => lifecycle.waits.begin({ reason: 'twice' }));
    ends[0]?.();
    expect(lifecycle.health().reasons).toEqual(['twice']);
    ends[1]?.();
    expect(lifecycle.health().reasons).toEqual([]);
    expect(events).toHaveLength(2);
  });

  test('is asked of those who know, when somebody looks', () => {
    const { lifecycle, events } = running();
    let reasons: readonly string[] = [];
    lifecycle.waits.ask(() => reasons.map(reason => ({ reason, ready: true })));
    reasons = ['span', 'span'];
    expect(lifecycle.health()).toMatchObject({ ready: true, reasons: ['span'] });
    expect(events).toEqual([]);
  });

  test('lasts as long as the work, also when that fails', async () => {
    const { lifecycle } = running();
    let fail = (_error: Error): void => {};
    const work = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const during = lifecycle.waits.during('opening', work);
    expect(lifecycle.health().reasons).toEqual(['opening']);
    fail(new Error('no'));
    await expect(during).rejects.toThrow('no');
    expect(lifecycle.health().reasons).toEqual([]);
  });

  test('a retry of the driver is a reason while it waits and is tried, and no longer', () => {
    let now = 0;
    const lifecycle = new Lifecycle(silentLogger, { ...systemClock, elapsed: () => now });
    const reasons = () => lifecycle.health().reasons.filter(reason => reason.includes('produce'));
    const event = { type: 'retrying', what: 'produce to out-0', attempt: 3, delayMs: 1000 } as const;
    lifecycle.tell({ type: 'driver', event });
    expect(reasons()).toEqual(['the driver tries again: produce to out-0 (3 times so far)']);
    now = 10_000;
    expect(reasons()).toHaveLength(1);
    now = 60_000;
    expect(reasons()).toEqual([]);
    lifecycle.tell({ type: 'driver', event });
    expect(reasons()).toHaveLength(1);
    lifecycle.tell({ type: 'driver', event: { type: 'retried', what: event.what } });
    expect(reasons()).toEqual([]);
  });
});
