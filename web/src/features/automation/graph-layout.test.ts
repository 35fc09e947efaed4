import { describe, expect, test } from "vitest";

import { type Box, type GraphJob, layOut, SIZE } from "./graph-layout";

const CASCADE: GraphJob[] = [
  { id: "sync", after: [] },
  { id: "signals", after: ["sync"] },
  { id: "embeddings", after: ["sync"] },
  { id: "health", after: ["signals"] },
  { id: "analytics", after: ["health", "sync"] },
];

/** Any number of graphs without circles, the same at each run of the tests. */
function someGraph(seed: number): GraphJob[] {
  let state = seed;
  const random = () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
  const ids = Array.from({ length: 1 + Math.floor(random() * 18) }, (_, at) => `job${at}`);
  const jobs = ids.map((id, at) => ({ id, after: ids.slice(0, at).filter(() => random() < 0.25) }));
  return jobs.toSorted((a, b) => a.after.length - b.after.length || a.id.localeCompare(b.id));
}

const overlap = (a: Box, b: Box) =>
  Math.abs(a.x - b.x) < SIZE.width && Math.abs(a.y - b.y) < SIZE.height;

function find(boxes: Box[], id: string): Box {
  const box = boxes.find((each) => each.id === id);
  if (box === undefined) throw new Error(`${id} was not laid out`);
  return box;
}

test("a job stands one layer right of the last job that starts it", () => {
  const layers = layOut(CASCADE).boxes.map(({ id, layer }) => [id, layer]);
  expect(Object.fromEntries(layers)).toEqual({ sync: 0, signals: 1, embeddings: 1, health: 2, analytics: 3 });
});

test("an edge that passes layers goes around the boxes in them", () => {
  const { boxes, edges } = layOut(CASCADE);
  const long = edges.find(({ from, to }) => from === "sync" && to === "analytics");
  const passing = long?.path.slice(1, -1) ?? [];
  expect(passing).toHaveLength(4);
  for (const { x, y } of passing) {
    for (const box of boxes) {
      const inside = x >= box.x && x <= box.x + SIZE.width && y > box.y && y < box.y + SIZE.height;
      expect(inside).toBe(false);
    }
  }
});

test("nothing is laid out as nothing", () => {
  expect(layOut([])).toEqual({ boxes: [], edges: [], width: 0, height: 0 });
});

test("a job that is started by one outside of the graph is a beginning", () => {
  const { boxes, edges } = layOut([{ id: "a", after: ["elsewhere"] }]);
  expect(find(boxes, "a").layer).toBe(0);
  expect(edges).toEqual([]);
});

test("a circle, which no server offers, still ends in a picture", () => {
  const { boxes } = layOut([
    { id: "a", after: ["b"] },
    { id: "b", after: ["a"] },
  ]);
  expect(boxes.map(({ id }) => id)).toEqual(["a", "b"]);
});

describe.each(Array.from({ length: 60 }, (_, seed) => [seed + 1] as const))("graph %i", (seed) => {
  const jobs = someGraph(seed);
  const { boxes, edges, width, height } = layOut(jobs);

  test("has each job once and each edge once, from left to right", () => {
    expect(boxes.map(({ id }) => id)).toEqual(jobs.map(({ id }) => id));
    expect(edges).toHaveLength(jobs.reduce((sum, { after }) => sum + after.length, 0));
    for (const { from, to, path } of edges) {
      expect(find(boxes, from).layer).toBeLessThan(find(boxes, to).layer);
      expect(path.map(({ x }) => x)).toEqual(path.map(({ x }) => x).toSorted((a, b) => a - b));
    }
  });

  test("has no box on another, and none outside of the picture", () => {
    boxes.forEach((box, at) => {
      expect(boxes.slice(at + 1).filter((other) => overlap(box, other))).toEqual([]);
      expect(box.x).toBeGreaterThanOrEqual(0);
      expect(box.y).toBeGreaterThanOrEqual(0);
      expect(box.x + SIZE.width).toBeLessThanOrEqual(width);
      expect(box.y + SIZE.height).toBeLessThanOrEqual(height);
    });
  });

  test("is the same when it is laid out again", () => {
    expect(layOut(jobs)).toEqual({ boxes, edges, width, height });
  });
});
