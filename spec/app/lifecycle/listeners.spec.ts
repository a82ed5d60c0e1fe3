/** What only hears of an app: its logger, its metrics, whoever subscribes its events. None of them stops anything. */
import { createApp, type Logger, type Metrics, string } from 'kafka-rx';
import { memory } from 'kafka-rx/memory';
import { filter } from 'rxjs';
import { Members } from '../members.js';

const thrower = (): never => {
  throw new Error('the disk is full');
};
const rejecter = (): void => void 0;
const rejecting = (() => Promise.reject(new Error('the disk is full'))) as typeof rejecter;
const badThenable = (() => Object.fromEntries([['then', thrower]])) as unknown as typeof rejecter;
const trapped = (() => new Proxy({}, { has: thrower, get: thrower })) as unknown as typeof rejecter;

const ways: [string, () => void][] = [
  ['throws', thrower],
  ['rejects', rejecting],
  ['gives a thenable that throws', badThenable],
  ['gives a Proxy that throws', trapped],
];

const metricsOf = (call: () => void): Metrics => ({
  counter: () => ({ add: call }),
  gauge: call,
  histogram: () => ({ observe: call }),
});
const loggerOf = (call: () => void): Logger => ({ debug: call, info: call, warn: call, error: call });

const unheard: unknown[] = [];
const note = (reason: unknown): void => void unheard.push(reason);
beforeAll(() => {
  process.on('unhandledRejection', note);
  process.on('uncaughtException', note);
});
afterAll(() => {
  process.off('unhandledRejection', note);
  process.off('uncaughtException', note);
});

async function runs(
  options: Parameters<Members['start']>[1],
  listen?: (app: ReturnType<typeof createApp>) => void,
): Promise<void> {
  unheard.length = 0;
  const members = new Members({ in: 1, out: 1 });
  members.publish('in', 'a', 'b');
  const member = members.start(app => {
    listen?.(app);
    app.topic('in', { value: string }).subscribe(app.to('out', { value: string }));
  }, options);
  await members.settle();
  await members.pass(2000);
  expect(members.committed('in')).toEqual([2]);
  expect(members.values('out')).toEqual(['a', 'b']);
  void member.app.stop();
  await members.settle();
  expect(member.outcome).toBe('done');
  // rxjs throws what nobody handles in a timer of its own.
  await new Promise(resolve => setTimeout(resolve, 20));
  expect(unheard).toEqual([]);
}

describe.each(ways)('one that %s stops nothing and ends nothing:', (how, call) => {
  test('a metric', async () => {
    const lines: unknown[] = [];
    const logger = { ...loggerOf(() => {}), warn: (fields: unknown) => void lines.push(fields) };
    const metrics = metricsOf(call);
    await runs({ metrics: { ...metrics, gauge: how === 'throws' ? () => {} : call }, logger });
    // A thing that cannot even be asked whether it is a promise is none.
    expect(new Set(lines.map(line => JSON.stringify(line))).size).toBe(lines.length);
    expect(JSON.stringify(lines)).toContain('kafka_rx_records_consumed_total');
  });

  test('a logger', () => runs({ logger: loggerOf(call) }));

  test('a listener of events$', () => runs({}, app => void app.events$.subscribe(call)));

  test('an observer of events$', () =>
    runs({}, app => void app.events$.subscribe({ next: call, complete: call })));

  test('a listener of events$ behind an operator is heard no less', () =>
    runs({}, app => {
      const heard: string[] = [];
      app.events$.subscribe(call);
      app.events$.pipe(filter(event => event.type === 'state')).subscribe(event => heard.push(event.type));
    }));
});

test.each(['counter', 'gauge', 'histogram'] as const)('a %s that cannot be made refuses the app', kind => {
  const metrics = { ...metricsOf(() => {}), [kind]: thrower };
  expect(() => createApp({ groupId: 'g', driver: memory(), metrics })).toThrow(
    expect.objectContaining({ code: 'CONFIGURATION', message: expect.stringContaining('kafka_rx_') }),
  );
});

test('every listener hears everything, whatever another one does', async () => {
  const members = new Members({ in: 1 });
  const heard: string[] = [];
  let ended = false;
  const member = members.start(app => {
    app.events$.subscribe(thrower);
    app.events$.subscribe({ next: ({ type }) => void heard.push(type), complete: () => (ended = true) });
    app.topic('in', { value: string }).subscribe(app.each(() => {}));
  });
  await members.settle();
  void member.app.stop();
  await members.settle();
  expect(heard).toEqual(member.events.map(({ type }) => type));
  expect(ended).toBe(true);
});
