import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StateBackend } from '../../../lib/state/backend.js';
import type { StateHost, StateRoot } from '../../../lib/state/lmdb/host.js';
import { lmdbBackendsOn } from '../../../lib/state/lmdb/lmdb-backends.js';
import { stateMachine } from '../../../lib/state/lmdb/machine.js';
import type { BackendTested } from '../state-tested.js';

/** A process that exists in name only: it dies when the test says so. */
export class TestedProcess implements StateHost {
  /** Of all processes of a test. */
  static readonly #living = new Set<string>();
  static #last = 0;
  readonly owner: StateHost['owner'];
  readonly now: StateHost['now'];
  readonly newId = stateMachine.newId;
  readonly #roots: StateRoot[] = [];
  readonly #batch: (root: StateRoot, action: () => void) => Promise<unknown>;

  constructor({
    owner = {},
    now = stateMachine.now,
    batch = (root, action) => root.batch(action),
  }: {
    readonly owner?: Partial<StateHost['owner']>;
    readonly now?: () => number;
    readonly batch?: (root: StateRoot, action: () => void) => Promise<unknown>;
  } = {}) {
    const pid = ++TestedProcess.#last;
    this.owner = { host: 'h', boot: 'b', namespace: 'n', pid, started: 's', ...owner };
    this.now = now;
    this.#batch = batch;
    TestedProcess.#living.add(String(pid));
  }

  startOf(pid: number): string | undefined {
    return TestedProcess.#living.has(String(pid)) ? 's' : undefined;
  }

  open(options: Parameters<StateHost['open']>[0]): StateRoot {
    const root = stateMachine.open(options);
    const opened = new Proxy(root, {
      get: (target, name) => {
        if (name === 'batch') return (action: () => void) => this.#batch(target, action);
        const member = Reflect.get(target, name);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    this.#roots.push(root);
    return opened;
  }

  /** LMDB's part of it: the folder stays as it is. */
  async die(): Promise<void> {
    TestedProcess.#living.delete(String(this.owner.pid));
    for (const root of this.#roots) await root.close();
  }
}

export function temporaryFolder(): { readonly path: string; remove(): void } {
  // With a dot: lmdb-js takes such a path for a file's unless told otherwise.
  const path = mkdtempSync(join(tmpdir(), 'kafka-rx.state-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export async function lmdbTested(): Promise<BackendTested> {
  const { path, remove } = temporaryFolder();
  const processes = new Map<StateBackend, TestedProcess>();
  return {
    outlives: true,
    async open() {
      const process = new TestedProcess();
      const backend = await lmdbBackendsOn(process, path).open('task');
      processes.set(backend, process);
      return backend;
    },
    crash: async backend => processes.get(backend)?.die(),
    dispose: async () => remove(),
  };
}
