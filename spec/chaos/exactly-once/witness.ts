import { setTimeout as delay } from 'node:timers/promises';
import { readDeadLetter } from 'kafka-rx';
import { placeOf } from '../evidence.js';
import { idOf } from '../final-read.js';
import { quietKafka } from '../quiet-kafka.js';
import type { FetchedRecord } from './committed-records.js';
import type { ExactlyOnceEvidence, InputRecord, Kill, OutputRecord, Owed, Place } from './evidence.js';
import { LogReader, type Look } from './log-reader.js';
import { owedFor, sumOf } from './owed.js';
import { WholeWatch } from './whole-watch.js';

export interface WitnessOptions {
  readonly brokers: readonly string[];
  /** The group of the app. */
  readonly group: string;
  readonly input: string;
  /** What the app writes of it; all with as many partitions. */
  readonly outputs: readonly string[];
  readonly partitions: number;
  /** Where its dead letters go; undefined: the load has no poison. */
  readonly letters: string | undefined;
  /** See {@link WholeWatch}. */
  readonly heldBoundMs?: number;
}

/** Between two looks: enough to see what comes, little beside the 5 s within which an input has to be whole. */
const everyMs = 100;
/** Longer than a transaction of a live member lasts. */
const leftOpenMs = 1_500;
/** A successor comes when the session of the dead is over. */
const successorMs = 4_500;
const triesForOffsets = 20;
const readMs = 120_000;
/** Looks at the input until its end: each brings megabytes. */
const mostTries = 100;
const offsetsTopic = '__consumer_offsets';

/**
 * Reads along as a reader of committed records and gathers the evidence: what came in which order, whether each input was whole soon after
 * it was first seen, whether a transaction was open when a process died, and how everything stands at rest.
 */
export class Witness {
  readonly #options: WitnessOptions;
  readonly #written: readonly string[];
  readonly #inputReader: LogReader;
  readonly #outputReader: LogReader;
  readonly #inputs = new Map<number, InputRecord[]>();
  readonly #owed = new Map<string, readonly Owed[]>();
  readonly #places = new Map<string, Place>();
  readonly #outputs: Map<string, Map<number, OutputRecord[]>>;
  readonly #kills: Kill[] = [];
  readonly #watch: WholeWatch;
  /** Looks at outputs whose inputs have not been looked for yet. */
  readonly #unplaced: Look[] = [];
  /** Outputs that came before their input: of a partition that was added, and that the reader of the input had not heard of yet. */
  readonly #sourceless: {
    readonly topic: string;
    readonly taken: OutputRecord[];
    readonly index: number;
    readonly record: FetchedRecord;
  }[] = [];
  /** What of the load itself leaves nothing to judge; told in the end, since a look is tried again whatever it failed of. */
  #unjudgeable: unknown;
  #following = false;
  #loop: Promise<void> | undefined;

  constructor(options: WitnessOptions) {
    this.#options = options;
    this.#written = options.letters === undefined ? options.outputs : [...options.outputs, options.letters];
    this.#watch = new WholeWatch(source => this.#owed.get(placeOf(source)) ?? [], options.heldBoundMs);
    this.#outputs = new Map(this.#written.map(topic => [topic, new Map()]));
    this.#inputReader = new LogReader(options.brokers, [options.input], 'everything');
    this.#outputReader = new LogReader(options.brokers, this.#written, 'committed');
  }

  /** Reads along from now on. Records of before are read too; whether they were whole in time nobody knows. */
  follow(): void {
    this.#following = true;
    this.#loop = this.#readAlong();
  }

  /**
   * To be called right after a process was killed: until its successor comes what it left open stays open, and holds readers where
   * they are, while what others have open goes by.
   */
  async killed(member: string): Promise<void> {
    const since = new Map<string, { lastStable: number; atMs: number }>();
    const transactionOpen = await until(successorMs, async () => {
      const atMs = Date.now();
      let held = false;
      for (const { topic, partition, lastStable, highWatermark } of await this.#outputReader.standings(
        this.#written,
      )) {
        const key = `${topic}:${partition}`;
        const before = since.get(key);
        if (before?.lastStable !== lastStable) since.set(key, { lastStable, atMs });
        else if (lastStable < highWatermark && atMs - before.atMs >= leftOpenMs) held = true;
      }
      return held;
    });
    this.#kills.push({ member, transactionOpen });
  }

  /**
   * Waits until everything that is in the input is committed.
   *
   * @param behind told with each look how many records are not
   * @returns whether it was in time
   */
  drained(withinMs: number, behind: (records: number) => void = () => {}): Promise<boolean> {
    return until(withinMs, async () => {
      const [committed, ends] = [
        await this.#committed(),
        await this.#inputReader.standings([this.#options.input]),
      ];
      const left = ends.map(
        ({ partition, highWatermark }) => highWatermark - (committed.get(partition) ?? 0),
      );
      behind(left.reduce((sum, records) => sum + Math.max(0, records), 0));
      return left.every(records => records <= 0);
    });
  }

  /**
   * When the app has done everything and is stopped. Reads to the ends.
   *
   * @param restMs how long to wait for transactions that are still open; they are evidence then
   */
  async conclude(restMs: number): Promise<ExactlyOnceEvidence> {
    this.#following = false;
    await this.#loop;
    const { brokers, input } = this.#options;
    const topics = [input, ...this.#written, offsetsTopic];
    await until(restMs, async () =>
      (await this.#outputReader.standings(topics)).every(
        ({ lastStable, highWatermark }) => lastStable >= highWatermark,
      ),
    );
    const read = await until(readMs, () => this.#round());
    const everything = new LogReader(brokers, this.#written, 'everything');
    let all = 0;
    const readAll = await until(readMs, async () => {
      const looks = await everything.look();
      for (const { records } of looks.all) all += records.length;
      return looks.atEnds;
    });
    await everything.close();
    if (this.#unjudgeable !== undefined) throw this.#unjudgeable;
    if (!read || !readAll) throw new Error(`the topics were not read to their ends in ${readMs} ms`);
    for (const { topic, taken, index, record } of this.#sourceless) {
      const before = taken[index];
      if (before !== undefined) taken[index] = { ...before, source: this.#sourceOf(topic, record) };
    }
    const standings = await this.#outputReader.standings(topics);
    const evidence: ExactlyOnceEvidence = {
      ...{ input, inputs: this.#inputs, outputs: this.#outputs, standings },
      committed: await this.#committed(),
      reached: everything.positions,
      aborted: all - [...this.#outputs.values()].flatMap(of => [...of.values()]).flat().length,
      torn: this.#watch.torn,
      kills: this.#kills,
    };
    await this.close();
    return evidence;
  }

  /** Reads no further. Idempotent. */
  async close(): Promise<void> {
    this.#following = false;
    await this.#loop;
    await Promise.all([this.#inputReader.close(), this.#outputReader.close()]);
  }

  async #readAlong(): Promise<void> {
    while (this.#following) {
      // Brokers come and go: what was not seen now is seen next time.
      await this.#round().catch(() => {});
      await delay(everyMs);
    }
  }

  /** Outputs first, then inputs to their end: so an output's input is known. @returns whether all ends were reached */
  async #round(): Promise<boolean> {
    const looks = await this.#outputReader.look();
    this.#unplaced.push(...looks.all);
    for (let tries = 1, ended = false; !ended; tries++) {
      const { all, atEnds } = await this.#inputReader.look();
      for (const { partition, records } of all)
        for (const record of records) this.#takeInput(partition, record);
      ended = atEnds;
      // What was looked at waits for its inputs until they can be read again.
      if (!ended && (all.length === 0 || tries === mostTries)) throw new Error('the input gives no answer');
    }
    for (const look of this.#unplaced.splice(0)) this.#takeOutputs(look);
    return looks.atEnds;
  }

  #takeInput(partition: number, { offset, value }: FetchedRecord): void {
    const place = { partition, offset };
    const owed = this.#owedFor(value);
    const records = this.#inputs.get(partition) ?? [];
    this.#inputs.set(partition, records);
    records.push({ ...place, owed });
    this.#owed.set(placeOf(place), owed);
    const id = idIn(this.#options.input, value);
    if (id === undefined) return;
    if (this.#places.has(id))
      this.#unjudgeable ??= new Error(`${id} is in the input twice: nobody can tell their outputs apart`);
    this.#places.set(id, place);
  }

  #owedFor(value: Buffer | null): readonly Owed[] {
    try {
      return owedFor(value ?? Buffer.alloc(0), this.#options);
    } catch (error) {
      this.#unjudgeable ??= error;
      return [];
    }
  }

  #takeOutputs({ topic, partition, records, ...look }: Look): void {
    const partitions = this.#outputs.get(topic) ?? new Map<number, OutputRecord[]>();
    const taken = partitions.get(partition) ?? [];
    partitions.set(partition, taken);
    const sources: Place[] = [];
    for (const record of records) {
      const source = this.#sourceOf(topic, record);
      const { offset, inTransaction } = record;
      taken.push({ partition, offset, source, sum: sumOf(record.key, record.value), inUnit: inTransaction });
      if (source !== undefined) sources.push(source);
      else this.#sourceless.push({ topic, taken, index: taken.length - 1, record });
    }
    this.#watch.saw({ topic, partition, sources, ...look });
  }

  #sourceOf(topic: string, { value, headers }: FetchedRecord): Place | undefined {
    if (topic !== this.#options.letters) return this.#places.get(idIn(topic, value) ?? '');
    const letter = readDeadLetter(
      Object.entries(headers).flatMap(([key, values]) =>
        (values === undefined || Buffer.isBuffer(values) ? [values] : values).map(header => ({
          key,
          value: header ?? null,
        })),
      ),
    );
    if (letter === undefined || letter.at.topic !== this.#options.input) return undefined;
    const { partition, offset } = letter.at;
    return this.#owed.has(placeOf(letter.at)) ? { partition, offset } : undefined;
  }

  async #committed(): Promise<ReadonlyMap<number, number>> {
    const { brokers, group: groupId, input } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const admin = quietKafka(brokers).admin();
      try {
        await admin.connect();
        // `connect` alone loads no metadata, and a coordinator is asked for through a known broker.
        await admin.fetchTopicMetadata({ topics: [input] });
        const [topic] = await admin.fetchOffsets({ groupId, topics: [input] });
        const found = (topic?.partitions ?? []).map(
          ({ partition, offset }) => [partition, Number(offset)] as const,
        );
        return new Map(found.filter(([, offset]) => offset >= 0));
      } catch (error) {
        if (attempt === triesForOffsets) throw error;
        await delay(everyMs);
      } finally {
        await admin.disconnect().catch(() => {});
      }
    }
  }
}

/** Undefined for what is no record of the load. */
function idIn(topic: string, value: Buffer | null): string | undefined {
  if (value === null) return undefined;
  try {
    return idOf(topic, value);
  } catch {
    return undefined;
  }
}

/** Asks until it holds, or time is up; what throws is asked again. @returns whether it held */
async function until(withinMs: number, holds: () => Promise<boolean>): Promise<boolean> {
  const end = Date.now() + withinMs;
  for (;;) {
    if (await holds().catch(() => false)) return true;
    if (Date.now() >= end) return false;
    await delay(everyMs);
  }
}
