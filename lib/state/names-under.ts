/** Names under one, made once each: they are asked for with each record, and a text that is made anew is hashed anew. */
export function namesUnder(one: string): (name: string) => string {
  const known = new Map<string, string>();
  return name => {
    let under = known.get(name);
    if (under === undefined) {
      under = `${one}/${name}`;
      known.set(name, under);
    }
    return under;
  };
}
