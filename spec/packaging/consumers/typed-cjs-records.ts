/** Records typed by the CommonJS copy. */
import type { KafkaRecord } from 'kafka-rx';
import { testRecord } from 'kafka-rx/testing';
import { type Observable, of } from 'rxjs';

export const lengths$: Observable<KafkaRecord<Buffer | null, number>> = of(
  testRecord({ key: null, value: 1 }),
);
