/** The counting topology in the shape that a workload asks for. */
import * as t from 'io-ts';
import { type App, type Codec, json, type KafkaRecord, string } from 'kafka-rx';
import { mapAsync, share } from 'kafka-rx/operators';
import { count, repartition, tumbling, type Windowed } from 'kafka-rx/state';
import { identity, type MonoTypeOperatorFunction, type Observable } from 'rxjs';
import { delay } from '../../../lib/base/clock.js';
import type { ProcessContext } from '../../../lib/testing/simulation/process-context.js';
import type { SimulatedTopology } from '../../../lib/testing/simulation/simulated-process.js';
import { type CountShape, type CountWindows, countOutputs, inputsOf } from './count-workload.js';

const Click = t.strict({ id: t.number, group: t.string });
type Click = t.TypeOf<typeof Click>;

// Once for all runs.
const asClick = json(Click);
const asCount = json(t.number);

/** Such as `k1@1704067200000`. */
const inWindow: Codec<Windowed<string>> = {
  name: 'inWindow',
  decode: () => {
    throw new Error('only written');
  },
  encode: ({ key, start }) => Buffer.from(`${key}@${start}`),
};

export function countTopologyOf(shape: CountShape): SimulatedTopology {
  const { byKey, byGroup, windows, emit } = shape;
  return (app, process) => {
    const clicks = app.topic(inputsOf(shape), { key: string, value: asClick }).pipe(share());
    if (byKey) {
      const counts = app.state('keys', { key: string, value: asCount });
      clicks
        .pipe(count(counts, { emit }), taking(process, shape))
        .subscribe(app.to(countOutputs.keys, { key: string, value: asCount }));
    }
    if (byGroup) countsGroups(app, process, clicks, shape);
    if (windows?.by === 'key') countsWindows(app, clicks, windows);
  };
}

function countsGroups(
  app: App,
  process: ProcessContext,
  clicks: Observable<KafkaRecord<string, Click>>,
  shape: CountShape,
): void {
  const byGroup = app.internal('by-group', { key: string, value: asClick });
  const counts = app.state('groups', { key: string, value: asCount });
  const moved = clicks.pipe(
    repartition(byGroup, ({ group }) => group),
    share(),
  );
  if (shape.windows?.by === 'group') countsWindows(app, moved, shape.windows);
  moved
    .pipe(count(counts, { emit: shape.emit }), taking(process, shape))
    .subscribe(app.to(countOutputs.groups, { key: string, value: asCount }));
}

function countsWindows(
  app: App,
  clicks: Observable<KafkaRecord<string, Click>>,
  { sizeMs, graceMs }: CountWindows,
): void {
  const counts = app.state('windows', { key: string, value: asCount });
  clicks
    .pipe(count(counts, { window: tumbling(sizeMs, { graceMs }), emit: 'final' }))
    .subscribe(app.to(countOutputs.windows, { key: inWindow, value: asCount }));
}

/** Its unit has a barrier with records under way. */
function taking(
  process: ProcessContext,
  { asyncMs }: CountShape,
): MonoTypeOperatorFunction<KafkaRecord<string, number>> {
  if (asyncMs === undefined) return identity;
  return mapAsync(async (counted: number) => {
    await delay(process.clock, (counted % 3) * asyncMs);
    return counted;
  });
}
