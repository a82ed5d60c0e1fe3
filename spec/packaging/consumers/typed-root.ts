/** A typed program where rxjs is the only peer: no type of the root, operators or testing may need another. */
import { createApp, string } from 'kafka-rx';
import { memory } from 'kafka-rx/memory';
import { mapValue } from 'kafka-rx/operators';
import { testRecord } from 'kafka-rx/testing';
import { of } from 'rxjs';

const app = createApp({ groupId: 'words', driver: memory() });
app
  .topic('words', { value: string })
  .pipe(mapValue(word => word.length))
  .subscribe(app.watch(({ value }) => value.toFixed()));
of(testRecord({ value: 1 })).pipe(mapValue(one => one + 1));
