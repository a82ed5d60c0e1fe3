/** What a run under exactly once leaves behind, and all that its judge knows. */

export interface Place {
  readonly partition: number;
  readonly offset: number;
}

/** An output that an input has to become. */
export interface Owed {
  readonly topic: string;
  /** Where it belongs by its key; undefined: anywhere. */
  readonly partition: number | undefined;
  /** Of key and value, see owed.ts; undefined: not foretold. */
  readonly sum: number | undefined;
}

/** A record of the input topic. */
export interface InputRecord extends Place {
  /** Everything that it becomes: all of it, or nothing. */
  readonly owed: readonly Owed[];
}

/** A record of an output topic, as readers of committed records get it. */
export interface OutputRecord extends Place {
  /** The input that it names; undefined: there is none such. */
  readonly source: Place | undefined;
  readonly sum: number;
  /** Written in a transaction. */
  readonly inUnit: boolean;
}

/** How far readers get in a partition. */
export interface Standing {
  readonly topic: string;
  readonly partition: number;
  /** The end for readers of committed records. */
  readonly lastStable: number;
  /** The end. */
  readonly highWatermark: number;
}

/** An app process that was killed, and whether one of its transactions was open. */
export interface Kill {
  readonly member: string;
  readonly transactionOpen: boolean;
}

/** An input of which a part was visible for too long. */
export interface Torn {
  readonly source: Place;
  /** Topics that lacked it. */
  readonly missing: readonly string[];
  /** For so long readers that got on there had not found it. */
  readonly heldMs: number;
}

export interface ExactlyOnceEvidence {
  /** The input topic: its name, and its records by partition in the order of their offsets. */
  readonly input: string;
  readonly inputs: ReadonlyMap<number, readonly InputRecord[]>;
  /** By topic and partition, in the order in which a reader of committed records got them. */
  readonly outputs: ReadonlyMap<string, ReadonlyMap<number, readonly OutputRecord[]>>;
  /** Where the group stood at rest, by input partition; none: nowhere. */
  readonly committed: ReadonlyMap<number, number>;
  /** At rest, of all topics that a transaction may have written, that of the group's offsets among them. */
  readonly standings: readonly Standing[];
  /** Where a reader of everything arrived at rest, by `topic:partition`. */
  readonly reached: ReadonlyMap<string, number>;
  /** Records that were written and aborted: what no reader of committed records gets. */
  readonly aborted: number;
  readonly torn: readonly Torn[];
  readonly kills: readonly Kill[];
}
