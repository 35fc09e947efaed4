import classes from "./ui.module.css";

interface SparklineProps {
  /** From the oldest to the newest; null where nothing was learnt. */
  values: readonly (number | null)[];
  /** The same in words. */
  label: string;
}

const WIDTH = 120;
const HEIGHT = 24;
const PAD = 3;

/** How a number went. A gap stays a gap: nothing is drawn for what is not known. */
export function Sparkline({ values, label }: SparklineProps) {
  const known = values.filter((value) => value !== null);
  const low = Math.min(...known);
  const high = Math.max(...known);
  const x = (index: number) =>
    PAD + (values.length < 2 ? WIDTH - 2 * PAD : (index * (WIDTH - 2 * PAD)) / (values.length - 1));
  // A line that never moved stands at the top: nothing fell.
  const y = (value: number) =>
    high === low ? PAD : PAD + ((high - value) * (HEIGHT - 2 * PAD)) / (high - low);
  const last = values.at(-1);
  return (
    <svg className={classes.sparkline} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      {stretches(values).map((points) => (
        <polyline
          key={points[0]?.index}
          points={points.map(({ index, value }) => `${x(index)},${y(value)}`).join(" ")}
        />
      ))}
      {last !== undefined && last !== null && <circle cx={x(values.length - 1)} cy={y(last)} r={2.5} />}
    </svg>
  );
}

interface Point {
  index: number;
  value: number;
}

/** Runs of neighbours that are known. */
function stretches(values: readonly (number | null)[]): Point[][] {
  const found: Point[][] = [];
  let open: Point[] = [];
  values.forEach((value, index) => {
    if (value === null) {
      open = [];
      return;
    }
    if (open.length === 0) found.push(open);
    open.push({ index, value });
  });
  return found;
}
