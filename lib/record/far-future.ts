/** The year 2286, in milliseconds: a timestamp from there on has the digits of a card's number, and is looked at as one. */
export const farFuture = 1e13;
