/** Both copies of the library in one process, as where an ESM program uses a CommonJS package that uses it too. */
import { createRequire } from 'node:module';
import * as esmRoot from 'kafka-rx';
import * as esmIoTs from 'kafka-rx/io-ts';
import * as esmOperators from 'kafka-rx/operators';
import * as esmTesting from 'kafka-rx/testing';
import masking from './masking.cjs';

const require = createRequire(import.meta.url);
const esm = { ...esmRoot, ...esmIoTs, ...esmOperators, ...esmTesting };
const cjs = {
  ...require('kafka-rx'),
  ...require('kafka-rx/io-ts'),
  ...require('kafka-rx/operators'),
  ...require('kafka-rx/testing'),
};

const errorOf = copy => {
  try {
    copy.createApp({ groupId: '' });
  } catch (error) {
    return error;
  }
};
const told = (error, other) => ({
  code: error.code,
  byOther: other.isKafkaRxError(error),
  instanceOfOther: error instanceof other.KafkaRxError,
});

console.log(
  JSON.stringify({
    twoCopies: esm.createApp !== cjs.createApp,
    esmError: told(errorOf(esm), cjs),
    cjsError: told(errorOf(cjs), esm),
    // The app of one copy; operators and codecs of the other.
    esmApp: await masking({ ...cjs, testApp: esm.testApp }),
    cjsApp: await masking({ ...esm, testApp: cjs.testApp }),
    esmAppWithCjsOperators: await masking({ ...esm, mask: cjs.mask }),
  }),
);
