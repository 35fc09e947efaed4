import type { ReactNode } from "react";

import classes from "./connectors.module.css";

interface StepProps {
  number: number;
  title: string;
  children: ReactNode;
}

/** One of the steps of the set-up. */
export function Step({ number, title, children }: StepProps) {
  return (
    <section className={classes.step} aria-label={title}>
      <h2>
        <span>{number}</span>
        {title}
      </h2>
      {children}
    </section>
  );
}
