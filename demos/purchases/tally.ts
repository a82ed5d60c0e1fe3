import { BoundedCounts } from './bounded-counts.js';
import { type MaskedPurchase, type PurchasePattern, type Reward, toReward } from './model.js';

/** A region, the first three digits of its zip codes, and what it buys most. */
export interface RegionStanding {
  readonly region: string;
  readonly purchases: number;
  readonly items: readonly (readonly [item: string, purchases: number])[];
}

/** Upper bounds in names; beyond them the smallest are given up, so that a run of weeks keeps its memory. */
export interface TallyBounds {
  /** Default 1,000, which is all there are of three digits. */
  readonly regions: number;
  /** In one region. Default 1,000. */
  readonly items: number;
  /** Default 100,000. */
  readonly customers: number;
}

const defaultBounds: TallyBounds = { regions: 1000, items: 1000, customers: 100_000 };

/** What the summary tells of the purchases, kept up while they flow: feed it what was written. */
export class Tally {
  readonly #bounds: TallyBounds;
  readonly #regions: BoundedCounts;
  readonly #points: BoundedCounts;
  readonly #items = new Map<string, BoundedCounts>();

  constructor(bounds: Partial<TallyBounds> = {}) {
    this.#bounds = { ...defaultBounds, ...bounds };
    this.#regions = new BoundedCounts(this.#bounds.regions);
    this.#points = new BoundedCounts(this.#bounds.customers);
  }

  /** Whether nothing was given up for the bounds. */
  get exact(): boolean {
    return this.#regions.exact && this.#points.exact && [...this.#items.values()].every(items => items.exact);
  }

  add(purchase: MaskedPurchase): void {
    this.pattern(purchase);
    this.reward(toReward(purchase));
  }

  pattern({ zipCode, item }: Pick<PurchasePattern, 'zipCode' | 'item'>): void {
    const region = zipCode.slice(0, 3);
    this.#regions.add(region, 1);
    let items = this.#items.get(region);
    if (items === undefined) {
      this.#forgetRegions();
      items = new BoundedCounts(this.#bounds.items);
      this.#items.set(region, items);
    }
    items.add(item, 1);
  }

  reward({ customerId, points }: Pick<Reward, 'customerId' | 'points'>): void {
    this.#points.add(customerId, points);
  }

  /** The regions with most purchases, each with its most bought items. */
  busiestRegions(count: number, items: number): readonly RegionStanding[] {
    return this.#regions.largest(count).map(([region, purchases]) => ({
      region,
      purchases,
      items: this.#items.get(region)?.largest(items) ?? [],
    }));
  }

  /** The customers with most points. */
  topCustomers(count: number): readonly (readonly [customerId: string, points: number])[] {
    return this.#points.largest(count);
  }

  /** Items of regions that the count of regions gave up. */
  #forgetRegions(): void {
    if (this.#regions.exact) return;
    for (const region of this.#items.keys()) {
      if (this.#regions.get(region) === 0) this.#items.delete(region);
    }
  }
}
