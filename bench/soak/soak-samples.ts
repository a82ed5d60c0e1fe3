import type { Outcome } from '../benchmark.js';
import { shownSlope, slopeOf } from '../slope.js';

const sampleCount = 50;
/** Pools, compiled code and the young generation have their size by then. */
const warmUpShare = 0.2;
const targetShare = 0.01;

interface Sample {
  readonly purchases: number;
  readonly rssMib: number;
  readonly heapMib: number;
  /** Of buffers, outside the heap. */
  readonly buffersMib: number;
}

export interface SoakReport {
  readonly purchases: number;
  readonly seconds: number;
  /** From the app's start to the first that was stored. */
  readonly startMs: number;
  readonly samples: readonly Sample[];
}

/** Looks at the memory of this process every so many purchases. */
export class SoakSamples {
  readonly #records: number;
  readonly #tell: (purchases: number) => void;
  readonly #gc: () => void;
  readonly #from = performance.now();
  readonly #samples: Sample[] = [];
  #startMs = 0;
  #purchases = 0;

  /** @throws without `--expose-gc` */
  constructor(records: number, tell: (purchases: number) => void = () => {}) {
    const { gc } = globalThis;
    if (gc === undefined) throw new Error('soak needs node --expose-gc, as npm run bench gives it');
    this.#gc = () => void gc();
    this.#records = records;
    this.#tell = tell;
  }

  /** @param purchases that are stored by now, in all */
  stored(purchases: number): void {
    if (this.#startMs === 0) this.#startMs = performance.now() - this.#from;
    this.#purchases = purchases;
    if (purchases < ((this.#samples.length + 1) * this.#records) / sampleCount) return;
    // What lives, without what has only not been collected yet.
    this.#gc();
    const { rss, heapUsed, external } = process.memoryUsage();
    this.#samples.push({
      purchases,
      rssMib: rss / 2 ** 20,
      heapMib: heapUsed / 2 ** 20,
      buffersMib: external / 2 ** 20,
    });
    this.#tell(purchases);
  }

  report(): SoakReport {
    const seconds = (performance.now() - this.#from) / 1000;
    return { purchases: this.#purchases, seconds, startMs: this.#startMs, samples: this.#samples };
  }
}

export function soakOutcome({ purchases, seconds, startMs, samples }: SoakReport): Outcome {
  const warm = samples.filter(sample => sample.purchases >= purchases * warmUpShare);
  const perMillion = (figure: (sample: Sample) => number): number =>
    slopeOf(warm, sample => sample.purchases / 1e6, figure);
  const rssMibPerMillion = perMillion(sample => sample.rssMib);
  const heapMibPerMillion = perMillion(sample => sample.heapMib);
  const buffersMibPerMillion = perMillion(sample => sample.buffersMib);
  const rssMib = warm[0]?.rssMib ?? Number.NaN;
  const rssSharePerMillion = rssMibPerMillion / rssMib;
  return {
    lines: [
      `${purchases.toLocaleString('en-US')} purchases in ${seconds.toFixed(0)} s, ${Math.round(purchases / seconds).toLocaleString('en-US')}/s; ${startMs.toFixed(0)} ms from the app's start to the first stored`,
      `  RSS      ${rssMib.toFixed(0)} MiB after warm-up, then ${shownSlope(rssMibPerMillion)} MiB per million`,
      `  heap     ${shownSlope(heapMibPerMillion)} MiB per million`,
      `  buffers  ${shownSlope(buffersMibPerMillion)} MiB per million`,
    ],
    verdict: `RSS grows by ${(rssSharePerMillion * 100).toFixed(2)} % per million purchases, target below ${targetShare * 100} %`,
    pass: rssSharePerMillion < targetShare,
    figures: {
      ...{ purchases, seconds, startMs, rssMib, rssMibPerMillion, heapMibPerMillion, buffersMibPerMillion },
      ...{ rssSharePerMillion, samples },
    },
  };
}
