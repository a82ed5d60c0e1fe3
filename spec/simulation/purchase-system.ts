/** The system under simulation: the purchase topology in many shapes, what is written to it, and what must hold. */
import { isKafkaRxError, retry } from 'kafka-rx';
import type { SimulatedAppOptions } from '../../lib/testing/simulation/simulated-process.js';
import type { SimulationParts } from '../../lib/testing/simulation/simulation-parts.js';
import { InputLog } from './input-log.js';
import { PurchaseLog, ScriptedFailure } from './purchase-log.js';
import { purchaseOracle } from './purchase-oracle.js';
import { topologyOf } from './purchase-topology.js';
import { besideTopic, inputTopic, type Shape, type Workload } from './purchase-workload.js';
import type { ReadStore } from './stored-purchases.js';

/** All that a run of this workload takes but choices and profile. */
export function purchaseSystemOf(
  workload: Workload,
): Omit<SimulationParts, 'profile' | 'choices' | 'maxSteps'> {
  const { shape, inputs, topics, laterTopics, processes } = workload;
  const log = new PurchaseLog(new InputLog([inputTopic, besideTopic], shape.options.maxTaskIdleMs ?? 0));
  const stores = new Map<string, ReadStore>();
  return {
    topology: topologyOf(shape, log, stores),
    options: optionsOf(shape),
    inputs,
    topics,
    laterTopics,
    processes,
    invariants: purchaseOracle(workload, log, stores),
    begin: () => log.clear(),
    reads: log.inputs,
    isExpected: error => {
      log.noteFailure(error);
      return isKafkaRxError(error) && error.original() instanceof ScriptedFailure;
    },
  };
}

/** What of the options is no text. */
function optionsOf({ options, startFrom, storeRetryMs }: Shape): SimulatedAppOptions {
  if (storeRetryMs === undefined) return { ...options, startFrom };
  const store = retry({ attempts: 4, initialDelayMs: storeRetryMs, maxDelayMs: storeRetryMs * 2 });
  return { ...options, startFrom, policies: { ...options.policies, store } };
}
