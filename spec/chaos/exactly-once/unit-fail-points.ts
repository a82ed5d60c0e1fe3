import { KafkaRxError, type OutputListener, type TopicPartition, type UnitOfWork } from 'kafka-rx';
import type { Throttled } from '../../../lib/drivers/kafkajs/protocol/protocol-request.js';
import {
  type Question,
  TransactionCoordinator,
} from '../../../lib/drivers/kafkajs/transactions/transaction-coordinator.js';
import { die } from '../die.js';
import { outputTopics } from '../evidence.js';
import { inputTopic } from '../messages.js';
import { changedUnit } from './changed-unit.js';

/** The moments of a unit of work at which its process can be made to die, to stand still, or to be refused. */
export class UnitFailPoints {
  #kill: 'no' | 'before its end' | 'at an acknowledgement' = 'no';
  #refuseUntilMs = 0;

  /** At the end of the next unit, when all of it is written and nothing decided. */
  killBeforeEnd(): void {
    this.#kill = 'before its end';
  }

  /** When the next output is acknowledged: its transaction is open then. */
  killInside(): void {
    this.#kill = 'at an acknowledgement';
  }

  refuse(forMs: number): void {
    this.#refuseUntilMs = Date.now() + forMs;
  }

  /** The process stops itself between the offsets of the next unit and its end. */
  stopBeforeEnd(): void {
    const { prototype } = TransactionCoordinator;
    const { ask } = prototype;
    const isWanted = ({ transactionalId }: TransactionCoordinator, apiName: string): boolean =>
      // Of the topics that come and go nobody reads along.
      apiName === 'EndTxn' && transactionalId.includes(inputTopic);
    const stop = (): void => {
      prototype.ask = ask;
      process.kill(process.pid, 'SIGSTOP');
    };
    prototype.ask = function <T extends Throttled>(this: TransactionCoordinator, question: Question<T>) {
      if (isWanted(this, question.request.apiName)) stop();
      return ask.call<TransactionCoordinator, [Question<T>], Promise<T>>(this, question);
    };
  }

  wrap(unit: UnitOfWork): UnitOfWork {
    return changedUnit(unit, {
      output: (partition, listener) => unit.output(partition, this.#listener(partition, listener)),
      commit: async offsets => {
        if (this.#kill === 'before its end' && offsets.some(({ topic }) => topic === inputTopic)) {
          await unit.flush();
          die();
        }
        if (Date.now() < this.#refuseUntilMs)
          throw new KafkaRxError('COMMIT_FAILED', 'The unit is refused as it was told to', {
            retriable: true,
          });
        await unit.commit(offsets);
      },
    });
  }

  #listener({ topic }: TopicPartition, inner: OutputListener): OutputListener {
    if (!outputTopics.some(name => name === topic)) return inner;
    return {
      acknowledged: (count, baseOffset) => {
        if (this.#kill === 'at an acknowledgement') die();
        inner.acknowledged(count, baseOffset);
      },
      refused: (count, error) => inner.refused(count, error),
    };
  }
}
