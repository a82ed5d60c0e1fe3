/** The purchases that a record of any topic speaks of; none where it cannot be read. */
export function idsIn(value: string | Buffer | null): readonly number[] {
  try {
    const parsed: { id?: number; ids?: number[] } = JSON.parse(String(value));
    return parsed.ids ?? (parsed.id === undefined ? [] : [parsed.id]);
  } catch {
    return [];
  }
}
