import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Interruption } from '../../../lib/drivers/kafkajs/interruption.js';

const never = new Promise<never>(() => {});

describe('interruption', () => {
  it('settles as the work does while nothing happens', async () => {
    const interruption = new Interruption();
    await expect(interruption.cut(Promise.resolve('done'))).resolves.toBe('done');
    await expect(interruption.cut(Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  });

  it('cuts all work short that is under way, and all that comes', async () => {
    const interruption = new Interruption();
    const underWay = [interruption.cut(never), interruption.cut(never)];
    interruption.happen();
    await expect(Promise.all(underWay)).resolves.toEqual([undefined, undefined]);
    await expect(interruption.cut(never)).resolves.toBeUndefined();
  });

  it('takes what work that was cut short fails with', async () => {
    const interruption = new Interruption();
    let fail: (error: Error) => void = () => {};
    const cut = interruption.cut(
      new Promise<never>((_, reject) => {
        fail = reject;
      }),
    );
    interruption.happen();
    fail(new Error('too late'));
    await expect(cut).resolves.toBeUndefined();
  });

  it('keeps nothing of work that ended', async () => {
    const interruption = new Interruption();
    const outcomes: WeakRef<object>[] = [];
    for (let i = 0; i < 100; i++) {
      outcomes.push(new WeakRef((await interruption.cut(Promise.resolve({ i }))) ?? {}));
    }
    // A WeakRef keeps its target until the end of the turn.
    await new Promise<void>(resolve => setImmediate(resolve));
    collectGarbage();
    const kept = outcomes.filter(outcome => outcome.deref() !== undefined).length;
    expect(kept).toBeLessThan(10); // the engine may have the last in a register
    interruption.happen();
  });
});

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  // A function of V8's that a new context has from now on.
  (runInNewContext('gc') as () => void)();
}
