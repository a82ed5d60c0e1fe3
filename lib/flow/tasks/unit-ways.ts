import type { UnitOfWork } from '../../drivers/port.js';
import type { KafkaRxError } from '../../errors/errors.js';
import type { OutputChannel } from '../sinks/output-channel.js';
import type { TaskUnitHost } from './task-unit-host.js';
import { UnitProducer } from './unit-producer.js';

/** A unit of work of the task, and the channel by which its sinks write into it. */
export interface Way {
  readonly unit: UnitOfWork;
  readonly producer: UnitProducer;
  readonly channel: OutputChannel;
}

type WayHost = Pick<TaskUnitHost, 'open' | 'openChannel' | 'closeChannel'>;

/** Who hears of refusals, and of which unit. */
interface WayRefusals {
  isSingle(): boolean;
  refused(unit: UnitOfWork, error: KafkaRxError): void;
}

/**
 * One after the other; nothing is left open where one of them cannot be opened.
 *
 * @param written the topics that units of the task have written to, or were to
 * @throws what the driver does
 */
export async function openBoth(
  host: WayHost,
  written: Set<string>,
  refusals: WayRefusals,
): Promise<readonly [Way, Way]> {
  const first = await openWay(host, 0, written, refusals);
  try {
    return [first, await openWay(host, 1, written, refusals)];
  } catch (error) {
    await host.closeChannel(first.channel);
    throw error;
  }
}

async function openWay(
  host: WayHost,
  which: 0 | 1,
  written: Set<string>,
  { isSingle, refused }: WayRefusals,
): Promise<Way> {
  const unit = await host.open(which);
  const producer = new UnitProducer(unit, { isSingle, refused: error => refused(unit, error) }, written);
  try {
    return { unit, producer, channel: await host.openChannel(producer) };
  } catch (error) {
    await unit.close();
    throw error;
  }
}
