import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';

/** What the user's data folder depends on. */
export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly env: { readonly LOCALAPPDATA?: string | undefined; readonly XDG_DATA_HOME?: string | undefined };
}

export function surroundingsOfProcess(): Surroundings {
  return { platform: process.platform, home: homedir(), env: process.env };
}

/** Where the history is kept without `--store`: below the folder that the platform sets aside for programs' data. */
export function defaultStoreFolder({ platform, home, env }: Surroundings): string {
  switch (platform) {
    case 'win32':
      return win32.join(env.LOCALAPPDATA || win32.join(home, 'AppData', 'Local'), 'kafka-rx', 'purchases');
    case 'darwin':
      return posix.join(home, 'Library', 'Application Support', 'kafka-rx', 'purchases');
    default:
      return posix.join(
        xdgDataHome(env.XDG_DATA_HOME) ?? posix.join(home, '.local', 'share'),
        'kafka-rx',
        'purchases',
      );
  }
}

/**
 * Where an embedded run keeps its own without `--store`: its broker dies with its process, and this history with it, so that a
 * cluster's is never touched.
 */
export function embeddedStoreFolder(surroundings: Surroundings): string {
  return `${defaultStoreFolder(surroundings)}-embedded`;
}

/** The XDG base directory specification: a relative path counts as none. */
function xdgDataHome(folder: string | undefined): string | undefined {
  return folder !== undefined && posix.isAbsolute(folder) ? folder : undefined;
}
