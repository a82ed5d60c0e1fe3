import type { Windows } from './windows.js';

/**
 * What windows are there, as text: of two that say the same each finds its rows among those of the other. How long they wait for late
 * records is not among it, and may be changed.
 */
export function rowsOfWindows(windows: Windows): string {
  switch (windows.kind) {
    case 'tumbling':
      return `tumbling(${windows.sizeMs})`;
    case 'hopping':
      return `hopping(${windows.sizeMs}, ${windows.advanceMs})`;
    case 'sliding':
      return `sliding(${windows.differenceMs})`;
    case 'session':
      return `session(${windows.gapMs})`;
    case 'calendar': {
      const { unit, zone, weekStartsOn } = windows;
      return `calendar(${[unit, zone, weekStartsOn].filter(part => part !== undefined).join(', ')})`;
    }
    case 'unlimited':
      return `unlimited(${windows.startMs})`;
  }
}
