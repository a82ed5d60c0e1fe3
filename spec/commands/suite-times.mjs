/** A reporter of jest that notes in a file when each suite began and ended: what a run that had to be killed was at. */
import { appendFileSync } from 'node:fs';

/** The file to append to, a JSON object a line: `{ suite, began }` (ms since 1970), then `{ suite, tookMs }`. */
const file = process.env['KAFKA_RX_SUITE_TIMES'];

export default class SuiteTimes {
  #began = new Map();

  onTestFileStart({ path }) {
    const began = Date.now();
    this.#began.set(path, began);
    note({ suite: path, began });
  }

  onTestFileResult({ path }) {
    note({ suite: path, tookMs: Date.now() - (this.#began.get(path) ?? Date.now()) });
  }
}

function note(line) {
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(line)}\n`);
}
