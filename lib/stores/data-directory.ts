import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { KafkaRxError } from '../errors/errors.js';

/** What {@link dataDirectory} asks the machine for. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly environment: {
    readonly XDG_DATA_HOME?: string | undefined;
    readonly LOCALAPPDATA?: string | undefined;
  };
}

const thisMachine = (): Machine => ({
  platform: process.platform,
  home: homedir(),
  environment: process.env,
});

/**
 * Where a user's program keeps the data of the store `name`: `$XDG_DATA_HOME/kafka-rx/<name>` or
 * `~/.local/share/kafka-rx/<name>`; on macOS below `~/Library/Application Support`; on Windows below `%LOCALAPPDATA%`.
 *
 * @throws {KafkaRxError} `CONFIGURATION` where the name cannot be a folder's on every system
 */
export function dataDirectory(name: string, machine: Machine = thisMachine()): string {
  if (!/^[\w-][\w.-]{0,99}$/.test(name)) {
    throw new KafkaRxError('CONFIGURATION', `The store name ${JSON.stringify(name)} cannot name a folder`, {
      remedy: "Use letters, digits, '_', '-' and '.', or give the store the option 'directory'",
    });
  }
  return join(userData(machine), 'kafka-rx', name);
}

function userData({ platform, home, environment }: Machine): string {
  if (platform === 'darwin') return join(home, 'Library', 'Application Support');
  if (platform === 'win32') return environment.LOCALAPPDATA ?? join(home, 'AppData', 'Local');
  // The XDG specification has relative paths ignored.
  const xdg = environment.XDG_DATA_HOME;
  return xdg !== undefined && isAbsolute(xdg) ? xdg : join(home, '.local', 'share');
}
