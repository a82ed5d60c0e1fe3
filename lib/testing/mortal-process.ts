import type { Clock } from '../base/clock.js';
import type { MemoryBroker } from '../drivers/memory/index.js';
import type {
  ConsumerListener,
  ConsumerOptions,
  Driver,
  DriverConnection,
  DriverConsumer,
  OutputListener,
  UnitOfWork,
} from '../drivers/port.js';

/** A process in name only, in which an app runs until it is killed. */
export class MortalProcess {
  readonly clock: Clock;
  readonly driver: Driver;
  readonly #broker: MemoryBroker;
  readonly #members: { readonly groupId: string; readonly consumer: DriverConsumer }[] = [];
  readonly #units: { readonly groupId: string; readonly taskId: string; readonly unit: UnitOfWork }[] = [];
  readonly #leaves = new Set<() => void>();
  #isAlive = true;

  /** @param driver to the broker */
  constructor(clock: Clock, broker: MemoryBroker, driver: Driver) {
    this.#broker = broker;
    this.clock = this.#clockOf(clock);
    this.driver = {
      ...driver,
      connect: async context => {
        const event: typeof context.event = told => {
          if (this.#isAlive) context.event(told);
        };
        return this.#connection(await driver.connect({ ...context, event }));
      },
    };
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /**
   * As SIGKILL: nothing that the app does from now on arrives anywhere, and it hears nothing. What is open of it is dropped at once by the broker,
   * which would otherwise wait for its session and its transactions to time out.
   */
  kill(): void {
    this.#isAlive = false;
    const { faults } = this.#broker;
    for (const { groupId, consumer } of this.#members) {
      const ids = this.#broker.members(groupId).map(({ memberId }) => memberId);
      const id = memberIdOf(consumer);
      if (id === undefined || !ids.includes(id)) continue;
      faults.crash(id);
      faults.expireSession(id);
    }
    for (const { groupId, taskId, unit } of this.#units)
      if (unit.failure === undefined) faults.fence(groupId, taskId);
    for (const leave of this.#leaves) leave();
  }

  #clockOf(clock: Clock): Clock {
    const alive = (task: () => void) => (): void => {
      if (this.#isAlive) task();
    };
    return {
      now: () => clock.now(),
      elapsed: () => clock.elapsed(),
      schedule: (task, delayMs) => clock.schedule(alive(task), delayMs),
      defer: (task, by) => clock.defer(alive(task), by),
      occupy: by => {
        const leave = clock.occupy?.(by) ?? (() => {});
        this.#leaves.add(leave);
        return leave;
      },
    };
  }

  #connection(connection: DriverConnection): DriverConnection {
    const { unitOfWork, reader } = connection;
    return this.#mortal(connection, {
      admin: this.#mortal(connection.admin),
      consumer: (options: ConsumerOptions, listener: ConsumerListener) => {
        const consumer = connection.consumer(this.#mortal(options), this.#mortal(listener));
        this.#members.push({ groupId: options.groupId, consumer });
        return this.#mortal(consumer);
      },
      producer: (options: Parameters<DriverConnection['producer']>[0]) =>
        this.#writing(connection.producer(options)),
      unitOfWork:
        unitOfWork &&
        (async (...[taskId, groupId, options]: Parameters<typeof unitOfWork>) => {
          const unit = await unitOfWork(taskId, groupId, options);
          this.#units.push({ groupId, taskId, unit });
          return this.#writing(unit);
        }),
      reader: reader && ((options: Parameters<typeof reader>[0]) => this.#mortal(reader(options))),
    });
  }

  #writing<T extends Pick<UnitOfWork, 'output'>>(inner: T): T {
    return this.#mortal(inner, {
      output: (partition: Parameters<T['output']>[0], listener: OutputListener) => {
        const output = inner.output(partition, this.#mortal(listener));
        return {
          append: (...record: Parameters<typeof output.append>) => {
            if (this.#isAlive) output.append(...record);
          },
        };
      },
    });
  }

  /** What it is asked for by a process that is dead, or would tell one, is never done. */
  #mortal<T extends object>(inner: T, instead: object = {}): T {
    return new Proxy(inner, {
      get: (target, name) => {
        const member: unknown = Reflect.get(name in instead ? instead : target, name);
        if (typeof member !== 'function') return member;
        return (...given: unknown[]): unknown => {
          if (this.#isAlive || stillAnswered.has(name)) return Reflect.apply(member, target, given);
          return new Promise(() => {});
        };
      },
    });
  }
}

/** At once, and with something that who asks looks at. */
const stillAnswered: ReadonlySet<string | symbol> = new Set([
  ...['partitionCount', 'output', 'available', 'begin', 'excuse'],
  ...['pause', 'resume', 'seek', 'rewind', 'standstills'],
]);

/** Of the embedded broker's, by which its faults know it. */
function memberIdOf(consumer: DriverConsumer): string | undefined {
  const id: unknown = Reflect.get(consumer, 'memberId');
  return typeof id === 'string' ? id : undefined;
}
