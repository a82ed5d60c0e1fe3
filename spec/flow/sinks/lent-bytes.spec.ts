/** A topic sink encodes into memory that the next record uses again: nobody may see that. */
import * as t from 'io-ts';
import { json, type KafkaRecord, string } from 'kafka-rx';
import { share } from 'kafka-rx/operators';
import { testApp } from 'kafka-rx/testing';
import { Subject } from 'rxjs';

const Sale = t.strict({ id: t.string, note: t.string });
type Sale = t.TypeOf<typeof Sale>;

const sale = (id: string, note = 'a note') => ({ value: { id, note } });
const text = ({ key, value }: { key: Buffer | null; value: Buffer | null }) => `${key}=${value}`;

test.each(['keyBy', 'headers', 'timestamp', 'partition'] as const)(
  'what %s hands on to another sink, or to its own, is written beside it and not over it',
  async where => {
    const aside = new Subject<KafkaRecord<unknown, Sale>>();
    let depth = 0;
    const handOn = (record: KafkaRecord<unknown, Sale>): void => {
      if (depth++ === 0) aside.next(record.withValue({ id: `${record.value.id}-aside`, note: 'other' }));
      depth--;
    };
    const app = await testApp(
      app => {
        const to = app.to<string, Sale>('out', {
          value: json(Sale),
          key: undefined,
          keyBy: (value: Sale, record: KafkaRecord<unknown, Sale>) => {
            if (where === 'keyBy') handOn(record);
            return value.id;
          },
          headers: (record: KafkaRecord<unknown, Sale>) => {
            if (where === 'headers') handOn(record);
            return [];
          },
          timestamp: (record: KafkaRecord<unknown, Sale>) => {
            if (where === 'timestamp') handOn(record);
            return 1;
          },
          partition: (record: KafkaRecord<unknown, Sale>) => {
            if (where === 'partition') handOn(record);
            return 0;
          },
        } as never);
        app.topic('in', { value: json(Sale) }).subscribe(to as never);
        aside.subscribe(to as never);
        aside.subscribe(app.to('aside', { keyBy: value => value.id, value: json(Sale) }));
      },
      { commit: { every: 1 } },
    );
    app.pipeIn('in', [sale('a'), sale('b')]);
    await app.idle();
    const own = ['a', 'b'].map(id => `${id}={"id":"${id}","note":"a note"}`);
    const others = ['a', 'b'].map(id => `${id}-aside={"id":"${id}-aside","note":"other"}`);
    expect(app.broker.records('out').map(text).toSorted()).toEqual([...own, ...others].toSorted());
    expect(app.broker.records('aside').map(text)).toEqual(others);
    await app.stop();
  },
);

test('records of any length, one after the other and in several topics, are each their own', async () => {
  const app = await testApp(app => {
    const sales = app.topic('in', { value: json(Sale), key: string }).pipe(share());
    sales.subscribe(app.to('one', { keyBy: value => value.id, value: json(Sale) }));
    sales.subscribe(app.to('two', { keyBy: value => value.note.slice(0, 70), value: json(Sale) }));
  });
  const notes = [0, 1, 5, 60, 64, 65, 900, 1000, 1001, 1023, 1024, 1025, 3000, 4096, 5000, 3].flatMap(
    length => ['x'.repeat(length), 'é'.repeat(length), '"'.repeat(length)],
  );
  const values = notes.map((note, i) => ({ id: `s${i}`, note }));
  app.pipeIn(
    'in',
    values.map(value => ({ key: 'k', value })),
  );
  await app.idle();
  const written = values.map(value => JSON.stringify(value));
  expect(app.broker.records('one').map(text)).toEqual(values.map(({ id }, i) => `${id}=${written[i]}`));
  expect(app.broker.records('two').map(text)).toEqual(
    values.map(({ note }, i) => `${note.slice(0, 70)}=${written[i]}`),
  );
  await app.stop();
});
