import fc from 'fast-check';
import { BoundedCounts } from '../../../demos/purchases/bounded-counts.js';
import { runTotals, totalsAsJson } from '../../../demos/purchases/run-totals.js';
import { renderSummary } from '../../../demos/purchases/summary.js';
import { Tally } from '../../../demos/purchases/tally.js';

const counts = {
  consumed: 69_659,
  patterns: 69_659,
  rewards: 69_659,
  purchases: 69_659,
  stored: 69_659,
  skipped: 0,
  deadLettered: 0,
};

describe('the totals of a run', () => {
  it('are one line of JSON with the promised fields', () => {
    expect(totalsAsJson(runTotals(counts, 2500, 'exactly-once'))).toBe(
      '{"consumed":69659,"patterns":69659,"rewards":69659,"purchases":69659,"stored":69659,"skipped":0,' +
        '"deadLettered":0,"seconds":2.5,"recordsPerSecond":27863.6,"guarantee":"exactly-once"}',
    );
  });

  it('of a run without records have no rate, and no null', () => {
    const nothing = { ...counts, consumed: 0, patterns: 0, rewards: 0, purchases: 0, stored: 0 };
    expect(runTotals(nothing, 0, 'at-least-once')).toStrictEqual({
      ...nothing,
      seconds: 0,
      recordsPerSecond: 0,
      guarantee: 'at-least-once',
    });
  });
});

describe('the summary', () => {
  it('tells counts, what regions buy most, and who has most points, in columns that line up', () => {
    const tally = new Tally();
    for (let i = 0; i < 1200; i++)
      tally.pattern({ zipCode: `100${i % 9}1`, item: i % 3 === 0 ? 'Blue' : 'Red' });
    for (let i = 0; i < 7; i++) tally.pattern({ zipCode: '60601', item: 'Jazz at Noon' });
    tally.reward({ customerId: '00001', points: 11 });
    tally.reward({ customerId: '00002', points: 990 });
    tally.reward({ customerId: '00002', points: 99 });
    expect(renderSummary(runTotals({ ...counts, skipped: 12 }, 2500, 'exactly-once'), tally)).toBe(
      `Most bought items of the busiest regions (purchases by first three digits of the zip code)

  region  purchases  item          purchases
  100         1,200  Red                 800
                     Blue                400
  606             7  Jazz at Noon          7

Customers with most points

  customer  points
  00002      1,089
  00001         11

  consumed   69,659  from transactions
  patterns   69,659  written
  rewards    69,659  written
  purchases  69,659  written, card numbers masked
  stored     69,659  in the history
  skipped        12  at least in part: not readable, or not to be written

Processed 69,659 purchases exactly once in 2.50 s, 27,864 records/s
`,
    );
  });

  it('of nothing is still a summary', () => {
    const nothing = runTotals({ ...counts, consumed: 0 }, 0, 'at-least-once');
    expect(renderSummary(nothing, new Tally())).toMatch(/\n\nProcessed 0 purchases in 0\.00 s\n$/);
    expect(renderSummary(nothing, new Tally())).not.toContain('Customers');
  });

  it('lets no record move the cursor or widen the columns', () => {
    const tally = new Tally();
    tally.pattern({ zipCode: '\u001b[2J', item: `\u001b]0;mine\u0007${'long '.repeat(100)}` });
    tally.reward({ customerId: '1\n2\u202e', points: 1 });
    const text = renderSummary(runTotals(counts, 1000, 'at-least-once'), tally);
    expect(text).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
    expect(Math.max(...text.split('\n').map(line => line.length))).toBeLessThan(100);
  });

  it('keeps its memory, keeps the large, and says that it is approximate', () => {
    const tally = new Tally({ regions: 10, items: 10, customers: 10 });
    for (let i = 0; i < 5000; i++) {
      tally.pattern({ zipCode: '10001', item: 'Red' });
      tally.pattern({ zipCode: String(i).padStart(5, '9'), item: `item ${i}` });
      tally.reward({ customerId: 'steady', points: 3 });
      tally.reward({ customerId: `passer-by ${i}`, points: 1 });
    }
    expect(tally.topCustomers(1)).toEqual([['steady', 15_000]]);
    expect(tally.busiestRegions(1, 1)).toEqual([{ region: '100', purchases: 5000, items: [['Red', 5000]] }]);
    expect(renderSummary(runTotals(counts, 1000, 'at-least-once'), tally)).toContain('approximate');
  });
});

describe('bounded counts', () => {
  it('are exact below their bound, in order, and never hold more than twice the bound', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }).map(String), fc.nat(9))), added => {
        const bounded = new BoundedCounts(10);
        const exact = new Map<string, number>();
        for (const [name, amount] of added) {
          bounded.add(name, amount);
          exact.set(name, (exact.get(name) ?? 0) + amount);
          expect(bounded.size).toBeLessThanOrEqual(20);
        }
        expect(bounded.exact).toBe(exact.size <= 20);
        if (!bounded.exact) return;
        expect(new Map(bounded.largest(Number.POSITIVE_INFINITY))).toEqual(exact);
        const sums = bounded.largest(5).map(([, sum]) => sum);
        expect(sums).toEqual([...sums].sort((a, b) => b - a));
      }),
    );
  });
});
