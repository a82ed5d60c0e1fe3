import type { RecordPart } from '../../errors/of-part.js';

/** What of `app.to` each part of a record is made by. */
export const makerOf: Readonly<Record<RecordPart, string>> = {
  key: 'key codec or keyBy',
  value: 'value codec',
  timestamp: "function 'timestamp'",
  headers: "function 'headers'",
  partition: "function 'partition'",
};

/** The maker of what {@link outgoing} tells a fault of: all faults but those of headers begin with the part's name. */
export function makerOfFault(fault: string): string {
  const named = (['key', 'value', 'timestamp'] as const).find(part => fault.startsWith(`its ${part} is `));
  return makerOf[named ?? 'headers'];
}
