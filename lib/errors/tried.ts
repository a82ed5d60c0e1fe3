/** Behind what went wrong, where it was tried more than once: `, tried 6 times`. */
export function tried(times: number): string {
  return times > 1 ? `, tried ${times} times` : '';
}
