/**
 * A backlog is counted as it was live: one partition's backlog of months makes nothing of another's late, where both go on through an internal
 * topic into windows.
 */
import { type App, createApp, type KafkaRecord, number, string } from 'kafka-rx';
import { MemoryBroker, memory } from 'kafka-rx/memory';
import { count, repartition, tumbling, type Windowed, windowed } from 'kafka-rx/state';
import { VirtualClock } from 'kafka-rx/testing';

const hourMs = 3_600_000;
const regions = ['north', 'east', 'south', 'west', 'far'];

/** So many sales of each partition, over the same months: the fewer, the sooner it is read to its end. */
const salesOf = [400, 80, 20, 6];
const monthsMs = 18 * 30 * 24 * hourMs;

function sales(): { readonly partition: number; readonly region: string; readonly atMs: number }[] {
  return salesOf.flatMap((sales, partition) =>
    Array.from({ length: sales }, (_, i) => ({
      partition,
      region: regions[(i * 7 + partition) % regions.length] ?? '',
      // The last of each is of the same hour: it closes nothing of another's.
      atMs: Math.round((i / (sales - 1)) * monthsMs),
    })),
  );
}

type Guarantee = 'at-least-once' | 'exactly-once';

class Replay {
  readonly clock = new VirtualClock();
  readonly broker = new MemoryBroker({ clock: this.clock });
  readonly late: string[] = [];
  readonly apps: { readonly app: App; readonly running: Promise<void> }[] = [];

  constructor(
    readonly guarantee: Guarantee,
    backlog = sales(),
  ) {
    for (const topic of ['sales', 'trends', 'late']) this.broker.createTopic(topic, salesOf.length);
    this.publish(backlog);
  }

  publish(records: readonly { partition: number; region: string; atMs: number }[]): void {
    this.broker.publish(
      'sales',
      records.map(({ partition, region, atMs }) => ({
        partition,
        value: region,
        timestamp: atMs,
      })),
    );
  }

  add(): void {
    const app = createApp({
      groupId: 'trends',
      driver: memory({ broker: this.broker }),
      clock: this.clock,
      guarantee: this.guarantee,
    });
    const byRegion = app.internal('by-region', { key: string, value: string });
    const trends = app.state('trends', { key: string, value: number });
    app
      .topic('sales', { value: string })
      .pipe(
        repartition(byRegion, region => region),
        count(trends, {
          window: tumbling(hourMs, { graceMs: hourMs }),
          emit: 'final',
          late: app.each(({ key }: KafkaRecord<string, string>) => void this.late.push(key)),
        }),
      )
      .subscribe(app.to('trends', { key: windowed(string, { sizeMs: hourMs }), value: number }));
    this.apps.push({ app, running: app.run() });
  }

  async stop(): Promise<void> {
    for (const { app, running } of this.apps) {
      void app.stop();
      await this.clock.advanceAsync(5_000);
      await running;
    }
  }

  /** What readers of committed records see: by region and hour. */
  trends(): readonly string[] {
    const key = windowed(string, { sizeMs: hourMs });
    return this.broker
      .records('trends')
      .map(record => {
        const at = { topic: 'trends', ...record };
        const { key: region, start } = key.decode(record.key, at) as Windowed<string>;
        return `${region} ${start / hourMs}: ${number.decode(record.value, at)}`;
      })
      .sort();
  }
}

/** The counts of a plain model, as {@link Replay.trends}. */
function modelled(): readonly string[] {
  const counts = new Map<string, number>();
  for (const { region, atMs } of sales()) {
    const at = `${region} ${Math.floor(atMs / hourMs)}`;
    counts.set(at, (counts.get(at) ?? 0) + 1);
  }
  return [...counts].map(([at, n]) => `${at}: ${n}`).sort();
}

/** All windows but those that the newest records are in, each once, and nothing late. */
function expectAll({
  late,
  found,
}: {
  readonly late: readonly string[];
  readonly found: readonly string[];
}): void {
  const all = modelled();
  expect(late).toEqual([]);
  expect(new Set(found).size).toBe(found.length);
  expect(all).toEqual(expect.arrayContaining([...found]));
  expect(found.length).toBeGreaterThan(all.length - 2 * regions.length);
}

describe.each<Guarantee>(['at-least-once', 'exactly-once'])('a backlog of months, %s', guarantee => {
  test.each([1, 3])(
    'is counted as a plain model counts it, and nothing is late, on %i members',
    async members => {
      const replay = new Replay(guarantee);
      for (let i = 0; i < members; i++) replay.add();
      await replay.clock.advanceAsync(12_000);
      expectAll({ late: replay.late, found: replay.trends() });
      await replay.stop();
    },
  );

  test('so it is where the app was away, and what came meanwhile is a backlog', async () => {
    const half = monthsMs / 2;
    const replay = new Replay(
      guarantee,
      sales().filter(({ atMs }) => atMs < half),
    );
    replay.add();
    await replay.clock.advanceAsync(6_000);
    await replay.stop();
    expect(replay.late).toEqual([]);
    replay.publish(sales().filter(({ atMs }) => atMs >= half));
    replay.add();
    await replay.clock.advanceAsync(12_000);
    expectAll({ late: replay.late, found: replay.trends() });
    await replay.stop();
  });

  test('what comes later holds nobody up: a window closes by whichever record is past it', async () => {
    const replay = new Replay(guarantee);
    replay.add();
    await replay.clock.advanceAsync(12_000);
    const before = replay.trends().length;
    replay.publish(regions.map(region => ({ partition: 0, region, atMs: monthsMs + 10 * hourMs })));
    await replay.clock.advanceAsync(3_000);
    expect(replay.trends()).toEqual(modelled());
    expect(replay.trends().length).toBeGreaterThan(before);
    await replay.stop();
  });
});
