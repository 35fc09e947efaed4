/** Where the jobs of the cascade stand: in layers, what starts something left of what it starts. */

export interface GraphJob {
  id: string;
  /** Ids of the jobs that start it; ids that are not in the graph are passed over. */
  after: readonly string[];
}

export interface Box {
  id: string;
  layer: number;
  /** Of the left upper corner. */
  x: number;
  y: number;
}

export interface Point {
  x: number;
  y: number;
}

export interface Edge {
  from: string;
  to: string;
  /** From the right side of one box, around those between, to the left side of the other. */
  path: Point[];
}

export interface Layout {
  boxes: Box[];
  edges: Edge[];
  width: number;
  height: number;
}

/** In pixels. `lane` is the height kept free for an edge that passes a layer. */
export const SIZE = { width: 240, height: 70, across: 48, between: 14, lane: 12 } as const;

const SWEEPS = 4;

/** A box, or the place where a long edge passes a layer. */
interface Item {
  id: string | null;
  layer: number;
  height: number;
  y: number;
  up: Item[];
  down: Item[];
}

interface Route {
  from: string;
  to: string;
  /** Both ends, and a place in each layer between. */
  items: Item[];
}

/** Lay a cascade out. The same jobs always give the same picture; circles are cut, not followed. */
export function layOut(jobs: readonly GraphJob[]): Layout {
  const depth = depths(jobs);
  const items = new Map<string, Item>(
    jobs.map(({ id }) => [id, item(id, depth.get(id) ?? 0, SIZE.height)]),
  );
  const { routes, passes } = connect(jobs, items);
  const layers: Item[][] = [];
  for (const each of [...items.values(), ...passes]) (layers[each.layer] ??= []).push(each);
  order(layers);
  place(layers);
  const all = layers.flat();
  const top = all.length === 0 ? 0 : Math.min(...all.map(({ y }) => y));
  for (const each of all) each.y -= top;
  return {
    boxes: [...items].map(([id, { layer, y }]) => ({ id, layer, x: left(layer), y })),
    edges: routes.map(drawn),
    width: layers.length === 0 ? 0 : left(layers.length - 1) + SIZE.width,
    height: Math.max(0, ...all.map(({ y, height }) => y + height)),
  };
}

const item = (id: string | null, layer: number, height: number): Item => ({
  id,
  layer,
  height,
  y: 0,
  up: [],
  down: [],
});

const left = (layer: number) => layer * (SIZE.width + SIZE.across);

/** How many steps the longest way from a beginning to each job has. */
function depths(jobs: readonly GraphJob[]): Map<string, number> {
  const after = new Map(jobs.map((job) => [job.id, job.after]));
  const found = new Map<string, number>();
  const depth = (id: string, path: ReadonlySet<string>): number => {
    const known = found.get(id);
    if (known !== undefined) return known;
    const further = new Set([...path, id]);
    const before = (after.get(id) ?? []).filter((up) => after.has(up) && !further.has(up));
    const steps = Math.max(-1, ...before.map((up) => depth(up, further))) + 1;
    found.set(id, steps);
    return steps;
  };
  for (const { id } of jobs) depth(id, new Set());
  return found;
}

function connect(jobs: readonly GraphJob[], items: ReadonlyMap<string, Item>) {
  const routes: Route[] = [];
  const passes: Item[] = [];
  for (const job of jobs) {
    const to = items.get(job.id);
    for (const up of new Set(job.after)) {
      const from = items.get(up);
      if (from === undefined || to === undefined || from.layer >= to.layer) continue;
      const between = Array.from({ length: to.layer - from.layer - 1 }, (_, step) =>
        item(null, from.layer + step + 1, SIZE.lane),
      );
      const route = [from, ...between, to];
      route.forEach((each, at) => {
        const next = route[at + 1];
        if (next !== undefined) {
          each.down.push(next);
          next.up.push(each);
        }
      });
      passes.push(...between);
      routes.push({ from: up, to: job.id, items: route });
    }
  }
  return { routes, passes };
}

/** Let each item stand near what it is connected with, so that few edges cross. */
function order(layers: Item[][]): void {
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const down = sweep % 2 === 0;
    for (const layer of down ? layers : layers.toReversed()) {
      const rank = new Map<Item, number>();
      for (const each of layers.flatMap((items) => [...items.entries()])) rank.set(each[1], each[0]);
      const wish = new Map(
        layer.map((each, at) => [each, mean((down ? each.up : each.down).map((one) => rank.get(one) ?? 0)) ?? at]),
      );
      layer.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0));
    }
  }
}

/** Heights: as level with its neighbours as the others of the layer allow. */
function place(layers: Item[][]): void {
  for (const layer of layers) settle(layer, () => null);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const down = sweep % 2 === 0;
    for (const layer of down ? layers : layers.toReversed()) {
      settle(layer, (each) => mean((down ? each.up : each.down).map(middle)));
    }
  }
}

const middle = ({ y, height }: Item) => y + height / 2;

/** Give a layer heights in its order, without overlap, on the whole as near to the wishes as can be. */
function settle(layer: Item[], wish: (item: Item) => number | null): void {
  let floor = Number.NEGATIVE_INFINITY;
  let drift = 0;
  let wishes = 0;
  for (const each of layer) {
    const wanted = wish(each);
    const start = wanted === null ? each.y : wanted - each.height / 2;
    each.y = Math.max(floor, start);
    floor = each.y + each.height + SIZE.between;
    if (wanted !== null) {
      drift += start - each.y;
      wishes += 1;
    }
  }
  if (wishes > 0) for (const each of layer) each.y += drift / wishes;
}

function drawn({ from, to, items }: Route): Edge {
  const path: Point[] = [];
  items.forEach((each, at) => {
    const x = left(each.layer);
    const y = middle(each);
    if (at > 0) path.push({ x, y });
    if (at < items.length - 1) path.push({ x: x + SIZE.width, y });
  });
  return { from, to, path };
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, each) => sum + each, 0) / values.length;
}
