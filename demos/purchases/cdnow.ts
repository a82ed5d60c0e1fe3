import { fileURLToPath } from 'node:url';
import { cardNumberFrom } from './card-numbers.js';
import { anyRegion, itemIn, type Region } from './catalogue.js';
import { type Draw, drawsFrom } from './draws.js';
import type { InputRecord } from './input.js';
import { linesOf } from './lines.js';

/** The data that comes with the demo; data/README.md says where it is from and what is made up. */
export const cdnowFile = fileURLToPath(new URL('./data/cdnow.txt', import.meta.url));

/** How many purchases {@link cdnowFile} holds. */
export const cdnowPurchases = 69_659;

/** A purchase before it was masked, as plain data: the fields of `Purchase` without its brands. */
export interface RawPurchase {
  readonly customerId: string;
  readonly storeId: string;
  readonly zipCode: string;
  readonly item: string;
  readonly department: string;
  readonly quantity: number;
  readonly price: number;
  readonly purchasedAt: string;
  readonly cardNumber: string;
}

/** The purchases of CDNOW in the file's order (by customer, then by date), ready to be published to `transactions`. */
export async function* cdnowRecords(file: string = cdnowFile): AsyncGenerator<InputRecord, void, undefined> {
  for await (const purchase of rawPurchases(file)) {
    yield { key: purchase.customerId, value: Buffer.from(JSON.stringify(purchase)) };
  }
}

/**
 * The purchases of CDNOW in the file's order. The same file gives the same purchases everywhere.
 *
 * @throws UnreadableFileError when the file is missing or cannot be read
 * @throws SyntaxError naming the line (by number) that is not of CDNOW's form
 */
export async function* rawPurchases(file: string = cdnowFile): AsyncGenerator<RawPurchase, void, undefined> {
  let customer: Customer | undefined;
  let number = 0;
  for await (const { bytes } of linesOf(file)) {
    const line = bytes.toString('latin1').trim();
    number++;
    if (number === 1 && line.startsWith('customer_id')) continue;
    const [customerId, date, cds, dollars, ...more] = line.split(/ +/);
    if (
      customerId === undefined ||
      date === undefined ||
      cds === undefined ||
      dollars === undefined ||
      more.length > 0
    ) {
      throw new SyntaxError(
        `Line ${number} of ${file} is not of the form: customer id, YYYYMMDD, number of CDs, dollar value`,
      );
    }
    if (customer?.id !== customerId) customer = customerWith(customerId);
    const draw = drawsFrom(distinct(line, customer));
    const region = draw() < customer.loyalty ? customer.home : customer.second;
    const { storeId, zipCode } = region.store(draw);
    const { item, department } = itemIn(region, draw);
    const quantity = Number(cds);
    yield {
      customerId,
      storeId,
      zipCode,
      item,
      department,
      quantity,
      price: unitPrice(Number(dollars), quantity),
      purchasedAt: timestamp(date, draw),
      cardNumber: customer.cardNumber,
    };
  }
}

interface Customer {
  readonly id: string;
  readonly cardNumber: string;
  readonly home: Region;
  readonly second: Region;
  /** Share of purchases in the home region. */
  readonly loyalty: number;
  /** How often each line of this customer was seen so far. */
  readonly lines: Map<string, number>;
}

function customerWith(id: string): Customer {
  const draw = drawsFrom(`customer ${id}`);
  return {
    id,
    cardNumber: cardNumberFrom(draw),
    home: anyRegion(draw),
    second: anyRegion(draw),
    loyalty: 0.85 + 0.15 * draw(),
    lines: new Map(),
  };
}

/** 255 lines repeat an earlier one of their customer: the count makes another purchase of each. */
function distinct(line: string, { lines }: Customer): string {
  const before = lines.get(line) ?? 0;
  lines.set(line, before + 1);
  return before === 0 ? line : `${line} again ${before}`;
}

/**
 * Four decimals: with fewer than 100 CDs a purchase (the file's largest has 99) what rounding takes away is below half a cent in
 * all, so that quantity × price rounded to cents is the line's dollar value again.
 */
function unitPrice(dollars: number, quantity: number): number {
  return Math.round((dollars / quantity) * 10_000) / 10_000;
}

/** The shop is open from 9:00 to 21:00, UTC for want of a better. */
function timestamp(date: string, draw: Draw): string {
  const seconds = 9 * 3600 + Math.floor(draw() * 12 * 3600);
  const time = `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
  return `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T${time}.000Z`;
}

function two(value: number): string {
  return String(Math.floor(value)).padStart(2, '0');
}
