/** Milliseconds that tombstones stay in a changelog: a copy of a state that is older than half of it is made anew, since what was deleted may be gone there. */
export const tombstonesMs = 7 * 24 * 60 * 60 * 1000;
