import type { Codec } from '../../../lib/codecs/codec.js';
import type { Windowed } from '../../../lib/codecs/windowed.js';

const onlyWritten = (): never => {
  throw new Error('only written');
};

/** Results of windows as text: `a@0-10`, and the value as it prints. */
export const printedWindows: { readonly key: Codec<Windowed<string>>; readonly value: Codec<unknown> } = {
  key: {
    name: 'printed window',
    encode: ({ key, start, end }) => Buffer.from(`${key}@${start}-${end}`),
    decode: onlyWritten,
  },
  value: {
    name: 'printed',
    encode: value => Buffer.from(String(value)),
    decode: onlyWritten,
  },
};
