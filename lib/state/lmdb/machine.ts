import type { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { open } from 'lmdb';
import { systemClock } from '../../base/clock.js';
import { newId } from '../../base/new-id.js';
import { fieldOf } from '../../errors/field-of.js';
import type { StateHost } from './host.js';
import type { Owner } from './owner.js';

/** This machine: LMDB itself, its processes and real time. */
export const stateMachine: StateHost = {
  get owner() {
    self ??= thisProcess();
    return self;
  },
  startOf(pid) {
    try {
      process.kill(pid, 0);
    } catch (error) {
      // Of another user's that it is there, but nothing may be sent to it.
      if (fieldOf(error, 'code') !== 'EPERM') return undefined;
    }
    return startOf(pid);
  },
  now: () => systemClock.now(),
  newId,
  open: options => open<Buffer, Buffer>(options),
};

let self: Owner | undefined;

function thisProcess(): Owner {
  return {
    host: createHash('sha256').update(hostname()).digest('hex').slice(0, 8),
    boot: tried(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    namespace: tried(() => readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')),
    pid: process.pid,
    started: startOf(process.pid),
  };
}

/** In clock ticks since the boot. */
function startOf(pid: number): string {
  return tried(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, which is the second field, may have spaces and parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  });
}

function tried(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
