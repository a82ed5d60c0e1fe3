import { type Draw, type Pick, weighted } from './draws.js';

/**
 * What the demo's shop sells and where. None of it exists: CDNOW's history names neither items nor stores.
 */

export interface Item {
  readonly item: string;
  readonly department: string;
}

/** One department a line; its items in falling order of sales. */
const departments: readonly (readonly [department: string, weight: number, items: readonly string[]])[] = [
  [
    'Rock',
    26,
    [
      'Gravel Hymns',
      'Northbound Static',
      'The Long Weekend',
      'Paper Lions',
      'Rust and Ribbon',
      'Seven Exits',
    ],
  ],
  ['Pop', 20, ['Sugar Avenue', 'Polaroid Summer', 'Call It Midnight', 'Glass Slippers', 'Radio Hearts']],
  ['R&B', 13, ['Velvet Hours', 'Slow Burn City', 'Honey & Smoke', 'After the Encore']],
  ['Country', 11, ['Dust on the Dashboard', 'Tin Roof Rain', 'Two Lane Home', 'Barn Door Blues']],
  ['Soundtracks', 8, ['Harbor Lights (Original Score)', 'The Last Matinee', 'Skyline Suite']],
  ['Jazz', 7, ['Blue Hour Quartet', 'Corner of Fifth', 'Brushes at Dawn', 'Standards, Volume Two']],
  ['Classical', 6, ['Cello Suites', 'Nocturnes', 'Winter Concertos', 'Sacred Choral Works']],
  ['Electronic', 4, ['Signal to Noise', 'Warehouse Nine', 'Low Orbit']],
  ['Latin', 3, ['Calle del Sol', 'Noches de Bolero', 'Ritmo Nuevo']],
  ['Folk', 2, ['Kitchen Table Songs', 'River Letters', 'Hand-Me-Down Ballads']],
];

/** Sales fall with the rank in a department, as 1, 1/2, 1/3, …: what is sold in shops comes near to that. */
const shelves: ReadonlyMap<string, Pick<Item>> = new Map(
  departments.map(([department, , items]) => [
    department,
    weighted(items.map((item, rank) => [{ item, department }, 1 / (rank + 1)])),
  ]),
);
const anyShelf = weighted(departments.map(([department, weight]) => [shelfOf(department), weight]));

function shelfOf(department: string): Pick<Item> {
  const shelf = shelves.get(department);
  if (shelf === undefined) throw new RangeError(`no department ${department}`);
  return shelf;
}

export interface Store {
  readonly storeId: string;
  /** Five digits; the first three are the region. */
  readonly zipCode: string;
}

export interface Region {
  readonly store: Pick<Store>;
  /** The department that the region buys more of than others do. */
  readonly favourite: Pick<Item>;
}

const regions: readonly (readonly [
  zip3: string,
  weight: number,
  favourite: string,
  stores: readonly string[],
])[] = [
  ['100', 17, 'R&B', ['10003', '10011', '10023', '10036']],
  ['900', 14, 'Soundtracks', ['90012', '90028', '90036', '90064']],
  ['606', 11, 'Jazz', ['60601', '60614', '60657']],
  ['941', 9, 'Electronic', ['94103', '94110', '94133']],
  ['770', 8, 'Country', ['77002', '77019', '77056']],
  ['021', 7, 'Classical', ['02108', '02116', '02139']],
  ['191', 7, 'R&B', ['19103', '19147']],
  ['981', 6, 'Rock', ['98101', '98122']],
  ['331', 6, 'Latin', ['33130', '33139']],
  ['303', 5, 'R&B', ['30303', '30309']],
  ['787', 4, 'Folk', ['78701', '78704']],
  ['802', 3, 'Folk', ['80202', '80218']],
  ['372', 3, 'Country', ['37203', '37212']],
];

/** Picks a region as often as people live there, roughly. */
export const anyRegion: Pick<Region> = weighted(
  regions.map(([, weight, favourite, stores]) => [
    {
      store: weighted(
        stores.map((zipCode, rank) => [{ storeId: `store-${zipCode}`, zipCode }, 1 / (rank + 1)]),
      ),
      favourite: shelfOf(favourite),
    },
    weight,
  ]),
);

/** One purchase in five goes to the region's favourite department, the others to all departments. */
export function itemIn(region: Region, draw: Draw): Item {
  return draw() < 0.2 ? region.favourite(draw) : anyShelf(draw)(draw);
}
