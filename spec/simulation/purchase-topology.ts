/** The purchase topology in the shape that a workload asks for. */
import * as t from 'io-ts';
import { type App, bytes, type DocumentStore, json, type KafkaRecord, memoryStore } from 'kafka-rx';
import { CardNumber, MaskedCardNumber } from 'kafka-rx/io-ts';
import { batch, filterValue, mapAsync, mask, peek, project, share, through } from 'kafka-rx/operators';
import { finalize, map, type Observable, take } from 'rxjs';
import { delay } from '../../lib/base/clock.js';
import type { ProcessContext } from '../../lib/testing/simulation/process-context.js';
import type { SimulatedTopology } from '../../lib/testing/simulation/simulated-process.js';
import type { PurchaseLog } from './purchase-log.js';
import { besideTopic, inputPattern, inputTopic, mostBytes, type Shape } from './purchase-workload.js';
import type { ReadStore } from './stored-purchases.js';

const fields = { id: t.number, customerId: t.string, zipCode: t.string, amount: t.number };
const Purchase = t.strict({ ...fields, cardNumber: CardNumber });
const MaskedPurchase = t.strict({ ...fields, cardNumber: MaskedCardNumber });
export type MaskedPurchase = t.TypeOf<typeof MaskedPurchase>;
const Mention = t.strict({ id: t.number });
const LargeMention = t.strict({ id: t.number, note: t.string });
const Batch = t.strict({ ids: t.array(t.number) });

// Once for all runs: what is generated for a type is the same in each, and thousands of apps are started.
const asPurchase = json(Purchase);
const asMaskedPurchase = json(MaskedPurchase);
const asMention = json(Mention);
const asLargeMention = json(LargeMention);
const asBatch = json(Batch);

type Masked$ = Observable<KafkaRecord<Buffer | null, MaskedPurchase>>;

/** @param stores those on disk, of each process the last that it made */
export function topologyOf(
  shape: Shape,
  log: PurchaseLog,
  stores: Map<string, ReadStore>,
): SimulatedTopology {
  return (app, process) => {
    const masked = app.topic(inputsOf(shape), { value: asPurchase }).pipe(
      mask('cardNumber'),
      peek(({ value }) => log.noteRead(value.id)),
      share(),
    );
    masked
      .pipe(project(({ id }) => ({ id })))
      .subscribe(app.to('patterns', { keyBy: ({ id }) => String(id), value: asMention }));
    tooLarge(app, masked, shape);
    rewards(app, process, masked, shape);
    gathered(app, masked, shape, log);
    audited(app, masked, shape, log);
    masked.subscribe(app.to('purchases', { keyBy: ({ customerId }) => customerId, value: asMaskedPurchase }));
    storesBatches(app, process, masked, shape);
    if (shape.store !== undefined) masked.subscribe(app.store(storeOf(process, shape, stores)));
    called(app, process, masked, shape, log);
    ending(app, process, masked, shape);
    secondView(app, process, shape);
    inOrder(app, process, shape, log);
    awaiting(app, process, masked, shape, log);
  };
}

function inputsOf({ pattern, severalInputs }: Shape): RegExp | string | readonly string[] {
  if (pattern === true) return inputPattern;
  return severalInputs === true ? [inputTopic, besideTopic] : inputTopic;
}

/** Asks for a reply, as it were, and gets it from what it has written itself. */
function awaiting(
  app: App,
  process: ProcessContext,
  masked: Masked$,
  { awaitsOwn = [] }: Shape,
  log: PurchaseLog,
): void {
  if (awaitsOwn.length === 0) return;
  masked
    .pipe(
      filterValue(({ id }) => awaitsOwn.includes(id)),
      peek(record => log.awaits(record.value.id, record)),
      mapAsync(
        async ({ id }: MaskedPurchase) => {
          while (log.isAwaited(id)) await delay(process.clock, 1_000);
        },
        { name: 'waits for its own output' },
      ),
    )
    .subscribe(app.each(() => {}, { name: 'has seen its own output' }));
}

/** A view that is told of every record when it is handed out, also of what cannot be read. */
function inOrder(app: App, process: ProcessContext, shape: Shape, log: PurchaseLog): void {
  if (shape.severalInputs !== true) return;
  log.inputs.tellsTime(() => process.clock.elapsed());
  app
    .topic(inputsOf(shape), { value: bytes })
    .pipe(peek(record => log.inputs.handedOut(process.name, record)))
    .subscribe(app.each(() => {}, { name: 'in order' }));
}

/** What is refused here is refused for good, whatever is broken: no policy takes an outage for it. */
function tooLarge(app: App, masked: Masked$, { tooLarge: ids = [], policy }: Shape): void {
  if (ids.length === 0) return;
  masked
    .pipe(
      filterValue(({ id }) => ids.includes(id)),
      project(({ id }) => ({ id, note: 'x'.repeat(2 * mostBytes) })),
    )
    .subscribe(
      app.to('patterns', {
        name: 'too large',
        keyBy: ({ id }) => String(id),
        value: asLargeMention,
        onProduceError: policy,
      }),
    );
}

function rewards(
  app: App,
  process: ProcessContext,
  masked: Masked$,
  { mapAsync: order, asyncMs }: Shape,
): void {
  const made =
    order === undefined
      ? masked.pipe(project(({ id }) => ({ id })))
      : masked.pipe(
          mapAsync(
            async ({ id }: MaskedPurchase) => {
              if (asyncMs > 0) await delay(process.clock, (id % 3) * asyncMs);
              return { id };
            },
            { order },
          ),
        );
  made.subscribe(app.to('rewards', { keyBy: ({ id }) => String(id), value: asMention }));
}

function gathered(
  app: App,
  masked: Masked$,
  { batch: options, throwsAt = [] }: Shape,
  log: PurchaseLog,
): void {
  if (options === undefined) return;
  masked
    .pipe(
      batch(records => ({ ids: records.map(({ value }) => value.id) }), options),
      map(record => {
        log.failOnce('behind batch', record.value.ids, throwsAt);
        return record;
      }),
    )
    .subscribe(app.to('batches', { keyBy: () => null, value: asBatch }));
}

function audited(
  app: App,
  masked: Masked$,
  { through: audits, throwsAt = [] }: Shape,
  log: PurchaseLog,
): void {
  if (!audits) return;
  masked
    .pipe(
      through(app.to('audit', { keyBy: ({ customerId }) => customerId, value: asMaskedPurchase })),
      map(record => {
        log.failOnce('behind through', [record.value.id], throwsAt);
        return record;
      }),
      project(({ id }) => ({ id })),
    )
    .subscribe(app.to('audited', { keyBy: ({ id }) => String(id), value: asMention }));
}

function storeOf(
  process: ProcessContext,
  { store, database }: Shape,
  stores: Map<string, ReadStore>,
): DocumentStore<MaskedPurchase> {
  const shared = store === 'shared';
  if (database === undefined)
    return process.store(
      'history',
      () => memoryStore<MaskedPurchase>('history', { newId: () => process.newId() }),
      { shared },
    );
  const by = {
    customer: ({ customerId }: MaskedPurchase) => customerId,
    zip: ({ zipCode }: MaskedPurchase) => zipCode,
  };
  const made = process.lmdb('history', { value: asMaskedPurchase, by }, { shared });
  stores.set(process.name, { place: shared ? 'history' : `${process.name}/history`, store: made });
  return made;
}

function storesBatches(app: App, process: ProcessContext, masked: Masked$, shape: Shape): void {
  if (shape.batch === undefined || shape.storesBatches !== true) return;
  const where = { shared: shape.store === 'shared' };
  masked
    .pipe(batch(records => ({ ids: records.map(({ value }) => value.id) }), shape.batch))
    .subscribe(app.store(process.lmdb('batches', { value: asBatch }, where)));
}

/** A function that must not be called any more once the app has failed. */
function called(app: App, process: ProcessContext, masked: Masked$, { each }: Shape, log: PurchaseLog): void {
  if (each === undefined) return;
  let failed = false;
  app.events$.subscribe(event => {
    failed ||= event.type === 'failed';
  });
  const call = async ({ value: { id } }: { readonly value: MaskedPurchase }): Promise<void> => {
    if (failed) log.noteWrong(`app.each was called with purchase ${id} after the app had failed`);
    await delay(process.clock, each.ms);
    log.failOnce('app.each', [id], each.failsAt);
    log.called.add(id);
  };
  masked.subscribe(app.each(call, { name: 'each', onError: 'fail' }));
}

/** A branch that ends while the app runs, with records under way above it. */
function ending(app: App, process: ProcessContext, masked: Masked$, { ends }: Shape): void {
  if (ends === undefined) return;
  const waits = (): Promise<void> => delay(process.clock, ends.ms);
  const above: Observable<KafkaRecord<Buffer | null, unknown>> =
    ends.behind === 'mapAsync'
      ? masked.pipe(mapAsync(async ({ id }: MaskedPurchase) => waits().then(() => id), { name: 'slow' }))
      : ends.behind === 'batch'
        ? masked.pipe(batch(records => records.length, { name: 'three', maxRecords: 3, maxWaitMs: 60_000 }))
        : masked.pipe(through(app.each(waits, { name: 'looked at' })));
  above.pipe(take(ends.records)).subscribe(app.each(() => {}, { name: 'ending', mayEnd: true }));
}

/** A second view of the inputs that ends after some records, so that nothing of them is read until it is heard again. */
function secondView(app: App, process: ProcessContext, shape: Shape): void {
  const { secondView: second } = shape;
  if (second === undefined) return;
  const view = app.topic(inputsOf(shape), { value: bytes });
  const again = app.each(() => {}, { name: 'second view again' });
  const resume = (): void => void process.clock.schedule(() => view.subscribe(again), second.pauseMs);
  view
    .pipe(take(second.records), finalize(resume))
    .subscribe(app.each(() => {}, { name: 'second view', mayEnd: true }));
}
