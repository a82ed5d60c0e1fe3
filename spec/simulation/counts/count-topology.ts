/** The counting topology in the shape that a workload asks for. */
import * as t from 'io-ts';
import { type App, type Codec, json, type KafkaRecord, string } from 'kafka-rx';
import { mapAsync, share } from 'kafka-rx/operators';
import { count, type Own, repartition, type State, tumbling, type Windowed, withState } from 'kafka-rx/state';
import { identity, type MonoTypeOperatorFunction, type Observable } from 'rxjs';
import { delay } from '../../../lib/base/clock.js';
import type { ProcessContext } from '../../../lib/testing/simulation/process-context.js';
import type { SimulatedTopology } from '../../../lib/testing/simulation/simulated-process.js';
import {
  type CountShape,
  type CountTimers,
  type CountWindows,
  countOutputs,
  inputsOf,
  quietTimer,
  timerAfter,
} from './count-workload.js';

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
  const { byKey, byGroup, windows, timers, emit } = shape;
  return (app, process) => {
    const clicks = app.topic(inputsOf(shape), { key: string, value: asClick }).pipe(share());
    const stateOf = statesIn(app, process, shape);
    if (byKey)
      clicks
        .pipe(count(stateOf('keys'), { emit }), taking(process, shape))
        .subscribe(app.to(countOutputs.keys, { key: string, value: asCount }));
    if (byGroup) {
      const moved = clicks.pipe(
        repartition(app.internal('by-group', { key: string, value: asClick }), ({ group }) => group),
        share(),
      );
      if (windows?.by === 'group') countsWindows(app, moved, stateOf('windows'), windows);
      moved
        .pipe(count(stateOf('groups'), { emit }), taking(process, shape))
        .subscribe(app.to(countOutputs.groups, { key: string, value: asCount }));
    }
    if (windows?.by === 'key') countsWindows(app, clicks, stateOf('windows'), windows);
    if (timers !== undefined) setsTimers(app, process, clicks, stateOf('timers'), timers);
  };
}

function statesIn(
  app: App,
  process: ProcessContext,
  { backend }: CountShape,
): (name: string) => State<string, number> {
  const where =
    backend === 'memory' ? undefined : process.stateBackend('states', { shared: backend === 'shared disk' });
  return name => app.state(name, { key: string, value: asCount, backend: where });
}

function countsWindows(
  app: App,
  clicks: Observable<KafkaRecord<string, Click>>,
  counts: State<string, number>,
  { sizeMs, graceMs, idleMs }: CountWindows,
): void {
  const late = app.to(countOutputs.lates, { key: string, value: asClick });
  const window = tumbling(sizeMs, { graceMs });
  clicks
    .pipe(count(counts, { window, emit: 'final', late, closeWhenIdleMs: idleMs }))
    .subscribe(app.to(countOutputs.windows, { key: inWindow, value: asCount }));
}

/** What fires says which of its key's records was the last before, so that nothing that fires twice is told once. */
function setsTimers(
  app: App,
  process: ProcessContext,
  clicks: Observable<KafkaRecord<string, Click>>,
  counts: State<string, number>,
  { everyMs, quietMs }: CountTimers,
): void {
  clicks
    .pipe(
      withState(
        counts,
        ({ timestamp }, own: Own<string, number, string>) => {
          own.set((own.get() ?? 0) + 1);
          const due = timerAfter(timestamp, everyMs);
          own.timers.set(due, String(due));
          own.timers.set(process.clock.now() + quietMs, quietTimer, { time: 'wall' });
        },
        {
          onTimer: (_key, due, name, own) => `${name === quietTimer ? quietTimer : due}#${own.get()}`,
        },
      ),
    )
    .subscribe(app.to(countOutputs.timers, { key: string, value: string }));
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
