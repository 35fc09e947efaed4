import classes from "./ui.module.css";

export type Hue = "neutral" | "accent" | "good" | "watch" | "risk" | "critical";

/** A state's colour. Always beside a word: the dot itself is silent to a screen reader. */
export function StatusDot({ hue, pulse = false }: { hue: Hue; pulse?: boolean }) {
  return <span className={classes.dot} data-hue={hue} data-pulse={pulse || undefined} aria-hidden />;
}
