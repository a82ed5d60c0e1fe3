/** Operators typed by the ESM copy, on records of the other. */
import type { KafkaRecord } from 'kafka-rx';
import { mapValue } from 'kafka-rx/operators';
import type { Observable } from 'rxjs';
import { lengths$ } from './typed-cjs-records.js';

export const halves$: Observable<KafkaRecord<Buffer | null, string>> = lengths$.pipe(
  mapValue(length => (length / 2).toFixed()),
);
