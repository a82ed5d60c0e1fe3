import type { OutputListener, UnitOfWork } from '../../../lib/drivers/port.js';
import { KafkaRxError } from '../../../lib/errors/errors.js';
import { UnitProducer } from '../../../lib/flow/tasks/unit-producer.js';

const ofRecord = new KafkaRxError('PRODUCE', 'Kafka refuses records', {});
const taken = new KafkaRxError('COMMIT_REFUSED', 'opened by another owner', {});

function refusedIn(
  failure: KafkaRxError | undefined,
  isSingle: boolean,
  { error = ofRecord, mayExcuse = true } = {},
) {
  let listener: OutputListener | undefined;
  let excused = 0;
  const unit = {
    failure,
    excuse: () => {
      excused++;
      return mayExcuse;
    },
    output: (_partition: unknown, inner: OutputListener) => {
      listener = inner;
      return { append: () => {} };
    },
  };
  const refused: KafkaRxError[] = [];
  const told: KafkaRxError[] = [];
  // Of the unit nothing else is asked here.
  const producer = new UnitProducer(
    unit as unknown as UnitOfWork,
    {
      isSingle: () => isSingle,
      refused: error => refused.push(error),
    },
    new Set(),
  );
  producer.output(
    { topic: 'out', partition: 0 },
    { acknowledged: () => {}, refused: (_count, error) => told.push(error) },
  );
  listener?.refused(1, error);
  return { refused, told, excused };
}

test('what is refused by a unit that is over is told by what ended it, also of a single record', () => {
  for (const isSingle of [false, true])
    expect(refusedIn(taken, isSingle)).toEqual({ refused: [taken], told: [], excused: 0 });
});

test('what is refused among others ends the unit; alone it is that record’s affair', () => {
  expect(refusedIn(undefined, false)).toEqual({ refused: [ofRecord], told: [], excused: 0 });
  expect(refusedIn(undefined, true)).toEqual({ refused: [], told: [ofRecord], excused: 1 });
});

test('what nobody has acknowledged is no record’s affair, nor what the unit cannot go on behind', () => {
  const late = new KafkaRxError('PRODUCE', 'not acknowledged', { retriable: true });
  expect(refusedIn(undefined, true, { error: late })).toEqual({ refused: [late], told: [], excused: 0 });
  expect(refusedIn(undefined, true, { mayExcuse: false })).toEqual({
    ...{ refused: [ofRecord], told: [], excused: 1 },
  });
});

test('knows where the transaction of its last unit begins in each partition, as far as it was told', () => {
  const listeners: OutputListener[] = [];
  const unit = {
    begin: () => {},
    output: (_partition: unknown, inner: OutputListener) => {
      listeners.push(inner);
      return { append: () => {} };
    },
  };
  const refusals = { isSingle: () => false, refused: () => {} };
  const producer = new UnitProducer(unit as unknown as UnitOfWork, refusals, new Set());
  const [out, own] = [
    { topic: 'out', partition: 0 },
    { topic: 'own', partition: 3 },
  ];
  producer.output(out, { acknowledged: () => {}, refused: () => {} });
  producer.own(own, () => {});
  const told = (index: number, offset: number) => listeners[index]?.acknowledged(2, offset);
  producer.begin();
  expect(producer.isFirstOf(out, 5)).toBe(false);
  told(0, 5);
  told(0, 9);
  told(1, 7);
  expect([producer.isFirstOf(out, 5), producer.isFirstOf(out, 9)]).toEqual([true, false]);
  expect([producer.isFirstOf(own, 7), producer.isFirstOf(own, 5)]).toEqual([true, false]);
  producer.begin();
  expect(producer.isFirstOf(out, 5)).toBe(false);
  // Where the first is not known, none is.
  told(0, -1);
  told(0, 12);
  expect(producer.isFirstOf(out, 12)).toBe(false);
});
