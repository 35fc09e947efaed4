import { ActionIcon, Tooltip } from "@mantine/core";
import type { IconBan } from "@tabler/icons-react";

import { firstClick } from "../../lib/first-click";
import classes from "./page.module.css";

interface ActButtonProps {
  /** What it does, with what it does it to: for those who do not see the row. */
  label: string;
  hint: string;
  Icon: typeof IconBan;
  /** Why it cannot be done; null when it can. */
  refusal: string | null;
  busy?: boolean;
  onClick: () => void;
}

/** A button of a row. One that is refused stays reachable, and says why. */
export function ActButton({ label, hint, Icon, refusal, busy = false, onClick }: ActButtonProps) {
  const refused = refusal !== null;
  return (
    <Tooltip label={refusal ?? hint} multiline maw={280}>
      <ActionIcon
        aria-label={label}
        aria-disabled={refused || undefined}
        aria-description={refusal ?? undefined}
        {...(refused && { "data-disabled": true })}
        className={classes.refused ?? ""}
        loading={busy}
        onClick={refused ? undefined : firstClick(onClick)}
      >
        <Icon size={18} stroke={1.75} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}
