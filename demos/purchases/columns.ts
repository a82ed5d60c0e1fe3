/** Plain text for terminals: columns that line up, numbers with thousands separators, nothing that moves the cursor. */

/** A column starts on the left when it holds words, ends on the right when it holds numbers. */
export type Alignment = 'left' | 'right';

/**
 * Lines of cells, two spaces between columns, no trailing spaces.
 *
 * @param rows cells as they are to be shown; a row may be shorter than others
 */
export function columns(
  rows: readonly (readonly string[])[],
  alignments: readonly Alignment[],
): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, widthOf(cell));
    });
  }
  return rows.map(row =>
    row
      .map((cell, i) => {
        const filling = ' '.repeat((widths[i] ?? 0) - widthOf(cell));
        return alignments[i] === 'right' ? filling + cell : cell + filling;
      })
      .join('  ')
      .trimEnd(),
  );
}

/** 69659 as `69,659`; a fraction is rounded away. */
export function thousands(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/**
 * A text out of a record, fit to be shown: control characters (which could move the cursor or rename the window) as `?`,
 * at most `longest` symbols.
 */
export function shown(text: string, longest = 32): string {
  const symbols = [...text.slice(0, 4 * longest).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '?')];
  return symbols.length <= longest ? symbols.join('') : `${symbols.slice(0, longest - 1).join('')}…`;
}

function widthOf(cell: string): number {
  return [...cell].length;
}
