/** What records are made of, as kinds of arguments. */
import {
  anyText,
  bytes,
  either,
  holding,
  kind,
  list,
  required,
  secret,
  whole,
} from '../base/option-kinds.js';
import type { Kind } from '../base/option-schema.js';
import { topicNameKind } from '../base/topic-name.js';

const nothing: Kind = kind('null', value => value === null);

/** What they hold is a record's, and shown by no error. */
export const headersKind: Kind = secret(
  list(holding({ key: required(anyText), value: required(either(bytes, nothing)) })),
);

export const partitionKind: Kind = required(
  holding({ topic: required(topicNameKind), partition: required(whole(0)) }),
);

export const coordinatesKind: Kind = required(
  holding({ topic: required(topicNameKind), partition: required(whole(0)), offset: required(whole(0)) }),
);

/** Bytes, text for its UTF-8, or null. */
export const contentKind: Kind = {
  ...either(bytes, anyText, nothing),
  wants: 'bytes, text or null',
};

/** Milliseconds since 1970. */
export const timestampKind: Kind = whole(0);
