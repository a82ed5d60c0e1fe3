/** What an operator has left to do in a task, in turns of the task: results that time has made due, one after the other. */
export interface Job {
  /** Records of the task that wait behind what is left: they are in no table, so that no cut may be made before them. */
  readonly waiting: number;
  /** Does a little of it, within about a millisecond. @returns whether there is more */
  run(): boolean;
  /** A cut is about to be made: what it holds of the unit is let go of. It goes on in the next one, from what the tables say. */
  rest(): void;
  /** Nothing becomes of it any more. @param held the app has failed: what is not done must not be committed */
  drop(held: boolean): void;
}

/** What an operator holds back until the cut, and hands on as part of its unit. */
export interface HeldBack {
  /** Greater than that of each operator whose results may come to it. */
  readonly order: number;
  /** Begins to hand it on, as a job. When it returns, a delivery is open of what that makes. */
  release(): void;
}
