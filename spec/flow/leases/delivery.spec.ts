import { Subject, type Subscriber } from 'rxjs';
import { Delivery, type Lane } from '../../../lib/flow/leases/delivery.js';
import { emit, hold, isStale, laneOf, lease, release } from '../../../lib/flow/leases/leases.js';
import { nestedDelivery } from '../../../lib/flow/leases/nested-delivery.js';
import { deliveredAs, type KafkaRecord, madeOf } from '../../../lib/record/record.js';
import { testRecord } from '../../../lib/testing/index.js';

/** A lane that notes what it hears. */
function lane(): Lane & { ended: boolean; atBarrier: boolean; readonly told: string[] } {
  const told: string[] = [];
  return {
    topic: 't',
    partition: 1,
    epoch: 1,
    slot: 0,
    orderSlot: 0,
    outputSlot: 0,
    atBarrier: false,
    fillsUpTo: -1,
    origin: 'cluster/t',
    ended: false,
    leftAt: -1,
    told,
    signal: new AbortController().signal,
    host: {
      app: {},
      clock: { now: () => 0, elapsed: () => 0, schedule: () => ({ cancel() {} }), defer() {} },
      live: true,
      endings: 0,
      protect: () => {},
      giveUp: () => told.push('given up'),
      fail: error => told.push(error.code),
      problem: ({ node }) => told.push(`problem at ${node}`),
      retryFor: () => undefined,
      dropped: (reason, count) => told.push(`${reason} ${count}`),
      onFlush: () => () => {},
    },
    hold: () => told.push('hold'),
    settle: ({ offset }) => told.push(`settled ${offset}`),
  };
}

function open(
  on: Lane,
  offset = 0,
): { delivery: Delivery; record: KafkaRecord<null, number>; handedOver: () => void } {
  const delivery = new Delivery(on, offset, offset, { bytes: 0, open: 0 });
  return {
    delivery,
    record: deliveredAs(testRecord({ value: offset, offset }), delivery),
    handedOver() {
      delivery.closeWindow();
      delivery.release();
    },
  };
}

describe('a delivery', () => {
  test('settles once, with the last of its leases, the source’s own among them', () => {
    const on = lane();
    const { delivery, record, handedOver } = open(on);
    expect([lease(record, 'a'), lease(record, 'b')]).toEqual([true, true]);
    release(record);
    handedOver();
    expect([delivery.settled, on.told]).toEqual([false, []]);
    release(record);
    expect([delivery.settled, on.told]).toEqual([true, ['settled 0']]);
  });

  test('that was held after a failure never settles, is held once, and no drain waits for it', () => {
    const on = lane();
    const { record, handedOver } = open(on);
    hold(record);
    hold(record);
    handedOver();
    expect(on.told).toEqual(['hold']);
  });

  test('can be leased in the source’s next and in a leasing emission, and at no other time', () => {
    const on = lane();
    const { delivery, record, handedOver } = open(on);
    const takes: boolean[] = [];
    const take = (next: KafkaRecord) => takes.push(lease(next, 'sink'));
    take(record);
    handedOver();
    expect(delivery.open).toBe(false);
    take(record);
    const out = new Subject<KafkaRecord<null, number>>();
    out.subscribe(take);
    // A Subject takes a record as a Subscriber does.
    emit(out as unknown as Subscriber<KafkaRecord<null, number>>, record);
    expect(delivery.open).toBe(false);
    expect([takes, on.told]).toEqual([[true, false, true], ['OUTSIDE_DISPATCH_WINDOW']]);
  });

  test('its window closes when what it was handed to throws', () => {
    const { delivery, record, handedOver } = open(lane());
    handedOver();
    const throws = {
      next() {
        throw new Error('next');
      },
    };
    // Only next is called.
    expect(() => emit(throws as unknown as Subscriber<KafkaRecord>, record)).toThrow('next');
    expect(delivery.open).toBe(false);
  });

  test('windows nest: the inner one does not close the outer', () => {
    const { delivery } = open(lane());
    delivery.openWindow();
    delivery.closeWindow();
    expect(delivery.open).toBe(true);
    delivery.closeWindow();
    expect(delivery.open).toBe(false);
  });

  test('of an epoch that is over is dropped and counted, without failing the app, whether or not its window is open', () => {
    const on = lane();
    const inside = open(on);
    const outside = open(on, 1);
    outside.handedOver();
    on.ended = true;
    expect([lease(inside.record, 'sink'), lease(outside.record, 'sink')]).toEqual([false, false]);
    expect(on.told).toEqual(['settled 1', 'stale-epoch 1', 'stale-epoch 1']);
  });
});

describe('a record of several deliveries', () => {
  const setup = () => {
    const [first, second] = [lane(), lane()];
    const a = open(first, 1);
    const b = open(second, 2);
    return { first, second, a, b, record: madeOf([a.record, b.record], 'both') };
  };

  test('leases, releases and holds all of them', () => {
    const { first, second, a, b, record } = setup();
    expect(lease(record, 'sink')).toBe(true);
    a.handedOver();
    b.handedOver();
    expect([first.told, second.told]).toEqual([[], []]);
    release(record);
    expect([first.told, second.told]).toEqual([['settled 1'], ['settled 2']]);
    hold(record);
    expect([first.told, second.told]).toEqual([
      ['settled 1', 'hold'],
      ['settled 2', 'hold'],
    ]);
  });

  test('is outside its window as soon as one of them is, and then none is leased', () => {
    const { first, second, a, b, record } = setup();
    a.handedOver();
    expect(lease(record, 'sink')).toBe(false);
    expect(first.told).toEqual(['settled 1', 'OUTSIDE_DISPATCH_WINDOW']);
    b.handedOver();
    expect(second.told).toEqual(['settled 2']);
  });

  test('is dropped only when the epochs of all are over', () => {
    const { first, second, record } = setup();
    first.ended = true;
    expect([isStale(record), lease(record, 'sink')]).toEqual([false, true]);
    second.ended = true;
    expect([isStale(record), lease(record, 'sink')]).toEqual([true, false]);
    expect(first.told).toEqual(['stale-epoch 1']);
  });
});

describe('a record of several deliveries, of which some are of an epoch that is over', () => {
  const setup = () => {
    const [over, current] = [lane(), lane()];
    const a = open(over, 1);
    const b = open(current, 2);
    over.ended = true;
    return { over, current, a, b, record: madeOf([a.record, b.record], 'both') };
  };

  test('passes a branch by when what is current of it does', () => {
    const { current, over, b, record } = setup();
    b.delivery.directed = new Set(['sink']);
    expect([lease(record, 'sink'), lease(record, 'other')]).toEqual([false, true]);
    expect([...over.told, ...current.told]).toEqual(['other-branch 1']);
  });

  test('comes in its window when what is current of it does', () => {
    const { current, over, a, record } = setup();
    a.handedOver();
    expect([lease(record, 'sink'), over.told, current.told]).toEqual([true, ['settled 1'], []]);
  });
});

describe('a nested delivery', () => {
  test('settles once, however often a sink that is not ours releases it, and holds the outer one open until then', () => {
    const on = lane();
    const outer = open(on);
    const done: boolean[] = [];
    const inner = nestedDelivery(outer.record, handled => done.push(handled));
    outer.handedOver();
    lease(inner.record, 'sink');
    inner.handedOver();
    expect([done, on.told]).toEqual([[], []]);
    release(inner.record);
    release(inner.record);
    expect([done, on.told]).toEqual([[true], ['settled 0']]);
  });

  test('tells when a sink is done with it, while the outer stays open', () => {
    const on = lane();
    const outer = open(on);
    const done: boolean[] = [];
    const inner = nestedDelivery(outer.record, handled => done.push(handled));
    lease(inner.record, 'sink');
    inner.handedOver();
    expect(done).toEqual([]);
    release(inner.record);
    expect([done, on.told, outer.delivery.settled]).toEqual([[true], [], false]);
  });

  test('has its own window: what comes to a sink after the hand-over fails the app', () => {
    const on = lane();
    const outer = open(on);
    const inner = nestedDelivery(outer.record, () => {});
    inner.handedOver();
    expect(lease(inner.record, 'sink')).toBe(false);
    expect(on.told).toEqual(['OUTSIDE_DISPATCH_WINDOW']);
  });

  test('hands problems and holds to the outer deliveries', () => {
    const on = lane();
    const outer = open(on);
    const done: boolean[] = [];
    const inner = nestedDelivery(outer.record, handled => done.push(handled));
    lease(inner.record, 'sink');
    hold(inner.record);
    expect(on.told).toEqual(['hold']);
    inner.handedOver();
    expect(done).toEqual([]);
  });

  test('writes where the last of the outer does, and is at a barrier when any of them is', () => {
    const [first, last] = [lane(), { ...lane(), outputSlot: 3 }];
    const record = madeOf([open(first).record, open(last).record], 0);
    const of = () => {
      const inner = laneOf(nestedDelivery(record, () => {}).record);
      return [inner?.outputSlot, inner?.atBarrier];
    };
    expect(of()).toEqual([3, false]);
    first.atBarrier = true;
    expect(of()).toEqual([3, true]);
  });

  test('of a record that has no delivery cannot be', () => {
    expect(() => nestedDelivery(testRecord({ value: 1 }), () => {})).toThrow(RangeError);
  });
});
