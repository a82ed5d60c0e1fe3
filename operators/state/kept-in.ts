import { type Kept, keptByGrid, keptByKey, keptBySession, keptSliding } from '../../lib/state/layouts.js';
import { rowsOfWindows } from '../../lib/time/rows-of-windows.js';
import { gridOf } from '../../lib/time/window-grid.js';
import type { Windows } from '../../lib/time/windows.js';

/** How an aggregate in these windows is kept. */
export function keptIn(window: Windows | undefined): Kept {
  return window === undefined ? keptByKey : { ...layoutIn(window), rowsOf: rowsOfWindows(window) };
}

function layoutIn(window: Windows): Kept {
  if (window.kind === 'session') return keptBySession;
  if (window.kind === 'sliding') return keptSliding(window);
  const grid = gridOf(window);
  return keptByGrid(start => grid.end(start));
}
