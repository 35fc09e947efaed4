import { Button, type ButtonProps, Tooltip } from "@mantine/core";
import type { ReactNode } from "react";

import { firstClick } from "../../lib/first-click";

interface WordButtonProps extends ButtonProps {
  children: ReactNode;
  /** With what it does it to, for those who do not see what stands around it. */
  label?: string;
  hint?: string;
  /** Why it cannot be done; null when it can. */
  refusal: string | null;
  onClick: () => void;
}

/** A button with a word. One that is refused stays reachable, and says why. */
export function WordButton({ children, label, hint, refusal, onClick, ...look }: WordButtonProps) {
  const refused = refusal !== null;
  const said = refusal ?? hint;
  return (
    <Tooltip label={said} disabled={said === undefined} multiline maw={280}>
      <Button
        variant="default"
        size="compact-sm"
        {...look}
        aria-label={label}
        aria-disabled={refused || undefined}
        aria-description={refusal ?? undefined}
        {...(refused && { "data-disabled": true })}
        onClick={refused ? undefined : firstClick(onClick)}
      >
        {children}
      </Button>
    </Tooltip>
  );
}
