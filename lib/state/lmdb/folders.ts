/**
 * The folders of a task: `<dir>/<task>/<incarnation>`, and who has which.
 *
 * The name of an incarnation says whose it is, so that no file has to be written or locked for that, and to take one is to rename it,
 * which succeeds for one of those who try:
 *
 * - `own.<host>.<boot>.<namespace>.<pid>.<started>.<id>`: that process has it open, or died with it;
 * - `closed.<id>`: it was closed, and is on the disk;
 * - `gone.<id>`: it is being removed.
 *
 * A folder whose owner lives, though it be stopped, is never opened: LMDB itself would wait for it, and with it the process.
 */
import { mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fieldOf } from '../../errors/field-of.js';
import type { StateHost } from './host.js';
import { fateOf, type Owner } from './owner.js';

/** What was found of former incarnations. */
interface Found {
  /** Whole, so far as their names say, the one written last first. */
  readonly usable: readonly string[];
  readonly useless: readonly string[];
}

export class StateFolders {
  readonly #host: StateHost;
  readonly #parent: string;

  /** @param parent the task's, absolute; made where it is missing */
  constructor(host: StateHost, parent: string) {
    this.#host = host;
    this.#parent = parent;
    // What states hold may be personal data: the folder is its owner's alone.
    mkdirSync(parent, { recursive: true, mode: 0o700 });
  }

  /** @param olderThan milliseconds since 1970: what nobody is known to have and was written before that is useless */
  find(olderThan: number): Found {
    const names = readdirSync(this.#parent);
    const time = new Map(names.map(name => [name, this.#writtenAt(name)]));
    const usable = names.filter(name => this.#isUsable(name));
    const useless = names.filter(
      name => !usable.includes(name) && this.#isUseless(name, (time.get(name) ?? 0) < olderThan),
    );
    return { usable: usable.sort((a, b) => (time.get(b) ?? 0) - (time.get(a) ?? 0)), useless };
  }

  /** @returns its path, or undefined: somebody else was faster */
  take(name: string): string | undefined {
    const own = join(this.#parent, this.#ownName());
    return moved(join(this.#parent, name), own) ? own : undefined;
  }

  make(): string {
    const own = join(this.#parent, this.#ownName());
    mkdirSync(own, { mode: 0o700 });
    return own;
  }

  /** Another may take it. @param path one's own, closed and flushed */
  release(path: string): void {
    moved(path, join(this.#parent, `closed.${this.#newId()}`));
  }

  /** Under another name first: nobody takes what is half removed. */
  async remove(path: string): Promise<void> {
    const gone = join(this.#parent, `gone.${this.#newId()}`);
    if (moved(path, gone)) await rm(gone, { recursive: true, force: true });
  }

  async removeAll(names: readonly string[]): Promise<void> {
    for (const name of names) await this.remove(join(this.#parent, name));
  }

  #isUsable(name: string): boolean {
    if (name.startsWith('closed.')) return true;
    const owner = ownerIn(name);
    if (owner === undefined || this.#fateOf(owner) !== 'dead') return false;
    // Nothing was flushed: what the machine had not written when it stopped is missing, and the tree may be broken.
    return owner.boot === this.#host.owner.boot && owner.boot !== '';
  }

  #isUseless(name: string, isOld: boolean): boolean {
    if (name.startsWith('gone.')) return true;
    const owner = ownerIn(name);
    if (owner === undefined) return false;
    const fate = this.#fateOf(owner);
    return fate === 'dead' || (fate === 'unknown' && isOld);
  }

  #fateOf(owner: Owner): ReturnType<typeof fateOf> {
    return fateOf(owner, this.#host.owner, pid => this.#host.startOf(pid));
  }

  #writtenAt(name: string): number {
    const found = statSync(join(this.#parent, name, 'data.mdb'), { throwIfNoEntry: false });
    return (found ?? statSync(join(this.#parent, name), { throwIfNoEntry: false }))?.mtimeMs ?? 0;
  }

  #ownName(): string {
    const { host, boot, namespace, pid, started } = this.#host.owner;
    return ['own', host, boot, namespace, pid, started, this.#newId()].join('.');
  }

  #newId(): string {
    return this.#host.newId().replaceAll('.', '-');
  }
}

function ownerIn(name: string): Owner | undefined {
  const [kind, host, boot, namespace, pid, started, id] = name.split('.');
  if (kind !== 'own' || id === undefined) return undefined;
  return {
    host: host ?? '',
    boot: boot ?? '',
    namespace: namespace ?? '',
    pid: Number(pid),
    started: started ?? '',
  };
}

/** @returns false: there is nothing of the name */
function moved(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (fieldOf(error, 'code') === 'ENOENT') return false;
    throw error;
  }
}
