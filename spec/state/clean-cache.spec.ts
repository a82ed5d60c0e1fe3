import { CleanCache } from '../../lib/state/layers/clean-cache.js';

describe('a cache of what was read', () => {
  it('never holds more than its bound, and keeps what is asked for again and again', () => {
    const cache = new CleanCache<number>(10);
    cache.set('hot', 1);
    for (let i = 0; i < 1000; i++) {
      cache.set(`k${i}`, i);
      expect(cache.get(`k${i}`)).toBe(i);
      expect(cache.get('hot')).toBe(1);
      expect(cache.size).toBeLessThanOrEqual(10);
    }
    expect(cache.get('k0')).toBeUndefined();
  });

  it('holds nothing where its bound is nothing', () => {
    const cache = new CleanCache<number>(0);
    cache.set('k', 1);
    expect(cache.get('k')).toBeUndefined();
  });
});
