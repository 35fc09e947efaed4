import type { IconBan } from "@tabler/icons-react";
import type { ReactNode } from "react";

import classes from "./state.module.css";
import type { Hue } from "./status-dot";

/** How a state looks beside its word. */
export interface Look {
  hue: Hue;
  Icon: typeof IconBan;
}

interface StateProps {
  hue: Hue;
  Icon: Look["Icon"];
  pulse?: boolean;
  children: ReactNode;
}

/** An icon and a word; the colour only repeats what they say. */
export function State({ hue, Icon, pulse = false, children }: StateProps) {
  return (
    <span className={classes.state} data-hue={hue}>
      <Icon size={16} aria-hidden data-pulse={pulse || undefined} />
      <span>{children}</span>
    </span>
  );
}
