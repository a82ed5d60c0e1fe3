import { type MonoTypeOperatorFunction, tap } from 'rxjs';
import { hostOf } from '../../lib/flow/leases/leases.js';
import type { KafkaRecord } from '../../lib/record/record.js';

/** How often the host behind records was asked to tell when to flush, and what takes that back. */
export class FlushAsks {
  count = 0;
  readonly leave = jest.fn();

  /** To be put before the operator under test. */
  counted<R extends KafkaRecord>(): MonoTypeOperatorFunction<R> {
    return tap(record => {
      const host = hostOf(record);
      if (host === undefined || this.count > 0) return;
      jest.spyOn(host, 'onFlush').mockImplementation(() => {
        this.count++;
        return this.leave;
      });
    });
  }
}
