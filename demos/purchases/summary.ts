import { columns, shown, thousands } from './columns.js';
import type { RunTotals } from './run-totals.js';
import type { Tally } from './tally.js';

/** How much of the standings the summary shows. */
const shownRegions = 5;
const shownItems = 3;
const shownCustomers = 5;

/** What a person reads at the end of a run, its result last: lines without control characters, ending with a line feed. */
export function renderSummary(totals: RunTotals, tally: Tally): string {
  const note = tally.exact
    ? []
    : ['Standings are approximate: there were more names than are kept in memory.'];
  const sections = [regions(tally), customers(tally), note, counts(totals), [result(totals)]];
  const told = sections.filter(lines => lines.length > 0);
  return `${told.map(lines => lines.join('\n')).join('\n\n')}\n`;
}

function result({ consumed, seconds, recordsPerSecond, guarantee }: RunTotals): string {
  const rate = recordsPerSecond > 0 ? `, ${thousands(recordsPerSecond)} records/s` : '';
  const once = guarantee === 'exactly-once' ? ' exactly once' : '';
  const purchases = `${thousands(consumed)} ${consumed === 1 ? 'purchase' : 'purchases'}`;
  return `Processed ${purchases}${once} in ${duration(seconds)}${rate}`;
}

function counts(totals: RunTotals): readonly string[] {
  const { consumed, patterns, rewards, purchases, stored, skipped, deadLettered } = totals;
  const rows = [
    ['consumed', consumed, 'from transactions'],
    ['patterns', patterns, 'written'],
    ['rewards', rewards, 'written'],
    ['purchases', purchases, 'written, card numbers masked'],
    ['stored', stored, 'in the history'],
    ['skipped', skipped, 'at least in part: not readable, or not to be written'],
    ['dead letters', deadLettered, 'written'],
  ] as const;
  const always = 5;
  return columns(
    rows
      .filter(([, count], i) => i < always || count > 0)
      .map(([name, count, what]) => [`  ${name}`, thousands(count), what]),
    ['left', 'right', 'left'],
  );
}

function regions(tally: Tally): readonly string[] {
  const standings = tally.busiestRegions(shownRegions, shownItems);
  if (standings.length === 0) return [];
  const rows = standings.flatMap(({ region, purchases, items }) =>
    items.map(([item, count], i) => [
      i === 0 ? `  ${shown(region, 3)}` : '',
      i === 0 ? thousands(purchases) : '',
      shown(item),
      thousands(count),
    ]),
  );
  return [
    'Most bought items of the busiest regions (purchases by first three digits of the zip code)',
    '',
    ...columns([['  region', 'purchases', 'item', 'purchases'], ...rows], ['left', 'right', 'left', 'right']),
  ];
}

function customers(tally: Tally): readonly string[] {
  const standings = tally.topCustomers(shownCustomers);
  if (standings.length === 0) return [];
  return [
    'Customers with most points',
    '',
    ...columns(
      [['  customer', 'points'], ...standings.map(([id, points]) => [`  ${shown(id)}`, thousands(points)])],
      ['left', 'right'],
    ),
  ];
}

/** Seconds with as many decimals as tell something; above a minute, minutes and seconds. */
function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  return `${thousands(Math.floor(whole / 60))} min ${whole % 60} s`;
}
