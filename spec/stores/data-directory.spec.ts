import { join } from 'node:path';
import { dataDirectory } from '../../lib/stores/data-directory.js';

const home = join('/', 'home', 'ann');

describe('the data directory', () => {
  it.each([
    ['linux', {}, join(home, '.local', 'share', 'kafka-rx', 'history')],
    ['linux', { XDG_DATA_HOME: '/data' }, join('/data', 'kafka-rx', 'history')],
    ['linux', { XDG_DATA_HOME: 'relative' }, join(home, '.local', 'share', 'kafka-rx', 'history')],
    [
      'darwin',
      { XDG_DATA_HOME: '/data' },
      join(home, 'Library', 'Application Support', 'kafka-rx', 'history'),
    ],
    ['win32', {}, join(home, 'AppData', 'Local', 'kafka-rx', 'history')],
    ['win32', { LOCALAPPDATA: '/local' }, join('/local', 'kafka-rx', 'history')],
  ] as const)("is the platform's own: %s %j", (platform, environment, expected) => {
    expect(dataDirectory('history', { platform, home, environment })).toBe(expected);
  });

  it.each(['', '.', '..', 'a/b', 'a\\b', '.hidden', 'a\0', 'x'.repeat(101)])('refuses the name %j', name => {
    expect(() => dataDirectory(name)).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }));
  });
});
