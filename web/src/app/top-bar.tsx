import { AppShell, Kbd, UnstyledButton } from "@mantine/core";
import { useOs } from "@mantine/hooks";
import { spotlight } from "@mantine/spotlight";
import { IconSearch } from "@tabler/icons-react";
import { useRouterState } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { Session } from "../features/access";
import { FreshnessChip } from "../features/lightrag";
import { ProjectMenu } from "../features/projects";
import classes from "./shell.module.css";
import { UserMenu } from "./user-menu";

const PLACES = [
  ["/projects", "projects.title"],
  ["/automation", "nav.automation"],
  ["/connectors", "nav.connectors"],
] as const;

/** Pages that say their own age. */
const AGED = ["/automation", "/connectors"];

/** Where I am, the palette, how fresh it is, and who I am. */
export function TopBar({ session }: { session: Session }) {
  const { t } = useTranslation();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const place = PLACES.find(([part]) => path.includes(part))?.[1] ?? "nav.ask";
  return (
    <AppShell.Header className={classes.top ?? ""}>
      <div className={classes.where}>
        <ProjectMenu project={session.project} />
        <span className={classes.slash} aria-hidden>
          /
        </span>
        <span className={classes.here}>{t(place)}</span>
      </div>
      {session.project && <SearchButton />}
      {session.project && <FreshnessChip ageless={AGED.some((part) => path.includes(part))} />}
      <UserMenu user={session.user} />
    </AppShell.Header>
  );
}

function SearchButton() {
  const { t } = useTranslation();
  const os = useOs({ getValueInEffect: false });
  const modifier = os === "macos" || os === "ios" ? "⌘" : "Ctrl";
  return (
    <UnstyledButton className={classes.search} onClick={spotlight.open} aria-label={`${t("nav.search")} ${modifier} K`}>
      <IconSearch size={16} aria-hidden />
      <span>{t("nav.search")}</span>{" "}
      <Kbd size="xs">{modifier} K</Kbd>
    </UnstyledButton>
  );
}
