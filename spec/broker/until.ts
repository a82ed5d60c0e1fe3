/** Resolves once it holds; rejects, naming `what`, when that took too long. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  { withinMs = 30_000, everyMs = 20 } = {},
): Promise<void> {
  const from = performance.now();
  while (!(await holds())) {
    if (performance.now() - from > withinMs) throw new Error(`Not within ${withinMs / 1000} s: ${what}`);
    await new Promise(resolve => setTimeout(resolve, everyMs));
  }
}
