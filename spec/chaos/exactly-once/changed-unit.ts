import type { UnitOfWork } from 'kafka-rx';

/** A unit of work as it is but for what is done otherwise. */
export function changedUnit(
  unit: UnitOfWork,
  otherwise: Partial<Pick<UnitOfWork, 'output' | 'commit'>>,
): UnitOfWork {
  return {
    get failure() {
      return unit.failure;
    },
    get bufferedBytes() {
      return unit.bufferedBytes;
    },
    begin: () => unit.begin(),
    excuse: () => unit.excuse(),
    abort: () => unit.abort(),
    prepare: topics => unit.prepare(topics),
    partitionCount: topic => unit.partitionCount(topic),
    flush: () => unit.flush(),
    close: () => unit.close(),
    output: otherwise.output ?? ((partition, listener) => unit.output(partition, listener)),
    commit: otherwise.commit ?? (offsets => unit.commit(offsets)),
  };
}
