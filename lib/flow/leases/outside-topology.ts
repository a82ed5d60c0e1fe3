/**
 * Subscribers of operators that stand in no topology: inside a plain rxjs operator, such as in a pipe that `mergeMap` makes for each
 * record. They are called by their name alone, as a node of the topology may be that has nothing to do with them.
 */
export const outsideTopology = new WeakSet<object>();
