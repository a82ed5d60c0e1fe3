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
