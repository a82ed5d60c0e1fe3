import { errorType } from './error-codes.js';
import { protocolError } from './protocol-error.js';
import type { ProtocolRequest } from './protocol-request.js';

/** The answer to a request about partitions: rejects with the first that is refused. */
export function ofPartitions<T extends { readonly errorCodes: readonly number[] }>(
  decode: (payload: Buffer) => T,
): ProtocolRequest<T>['response'] {
  return {
    decode: async payload => decode(payload),
    parse: async data => {
      refusePartitions(data.errorCodes);
      return data;
    },
  };
}

function refusePartitions(errorCodes: readonly number[]): void {
  const code = errorCodes.find(one => one !== 0);
  if (code === undefined) return;
  const type = errorType(code);
  throw protocolError(`the coordinator refuses: ${type}`, type, { code });
}
