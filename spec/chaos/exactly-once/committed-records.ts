/** A record as a fetch brings it, control records among them. */
export interface FetchedRecord {
  readonly offset: number;
  /** ms; the broker's own where the topic says so. */
  readonly timestamp: number;
  readonly producerId: string;
  readonly inTransaction: boolean;
  readonly isControl: boolean;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | readonly Buffer[] | undefined>>;
}

/** A transaction that was aborted, as the answer to a fetch lists it. */
export interface AbortedTransaction {
  readonly producerId: string;
  readonly firstOffset: number;
}

/** A control record's key is its version, 0, and its type. */
const isAbort = ({ isControl, key }: FetchedRecord): boolean => isControl && key?.readInt16BE(2) === 0;

/**
 * What of an answer a reader of committed records hands out: all but the records of aborted transactions and the markers that end
 * one. Of each producer in the list everything transactional is aborted from there until its next marker, which is one of an abort; the
 * answer lists also those transactions that begin before it.
 *
 * By hand, since kafkajs's own leaks a record where several aborted transactions begin before the answer does.
 */
export function committedRecords(
  records: readonly FetchedRecord[],
  aborted: readonly AbortedTransaction[],
): FetchedRecord[] {
  const waiting = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  const aborting = new Set<string>();
  return records.filter(record => {
    while ((waiting[0]?.firstOffset ?? Number.POSITIVE_INFINITY) <= record.offset)
      aborting.add(waiting.shift()?.producerId ?? '');
    if (isAbort(record)) aborting.delete(record.producerId);
    if (record.isControl) return false;
    return !(record.inTransaction && aborting.has(record.producerId));
  });
}
