/** The process that a folder belongs to. Every part is free of dots, since the folder's name consists of them. */
export interface Owner {
  readonly host: string;
  /** The boot of the machine; empty where it has no id. */
  readonly boot: string;
  /** Of process ids; empty where there is only one. */
  readonly namespace: string;
  readonly pid: number;
  /** When it began, as ids are used again; empty where that is not to be had. */
  readonly started: string;
}

/** Whether an owner may still write. Unknown: it is on another machine or in another container, where nobody can look. */
export function fateOf(
  owner: Owner,
  me: Owner,
  startOf: (pid: number) => string | undefined,
): 'lives' | 'dead' | 'unknown' {
  if (owner.host !== me.host) return 'unknown';
  if (owner.boot !== me.boot) return 'dead';
  if (owner.namespace !== me.namespace) return 'unknown';
  const started = startOf(owner.pid);
  if (started === undefined) return 'dead';
  return started === '' || owner.started === '' || started === owner.started ? 'lives' : 'dead';
}
