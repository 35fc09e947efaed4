import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";

import type { Connector } from "./place";

interface DoorProps {
  connector: Connector;
  tab: "setup" | "errors" | "reconciliation";
  children: string;
}

/** A step that is taken on another part of the page. */
export function StepDoor({ connector, tab, children }: DoorProps) {
  return (
    <Button
      size="compact-sm"
      variant="default"
      renderRoot={(props) => (
        <Link to="/connectors/$connector" params={{ connector }} search={{ tab }} {...props} />
      )}
    >
      {children}
    </Button>
  );
}
