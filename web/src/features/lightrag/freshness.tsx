import { Popover, UnstyledButton } from "@mantine/core";
import { IconDatabase } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { type Age, StatusDot, useAge } from "../../components/ui";
import { useProject } from "../projects";
import { statusQuery } from "./api";
import { DataPanel } from "./data-panel";
import classes from "./data-panel.module.css";

/** A poll comes every 30 s; past this age something has kept the page from being renewed. */
const STALE_MS = 75_000;

/** There is no live stream yet. */
export function useFreshness(): Age {
  return useAge(useQuery(statusQuery(useProject().id)), STALE_MS);
}

interface FreshnessChipProps {
  /** The page says its own age: a second one, of other data, would contradict it. */
  ageless: boolean;
}

export function FreshnessChip({ ageless }: FreshnessChipProps) {
  const { t } = useTranslation();
  const { hue, words } = useFreshness();
  return (
    <Popover width={360} position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <UnstyledButton className={classes.chip} aria-label={ageless ? t("data.title") : `${t("freshness.label")}: ${words}`}>
          {ageless ? <IconDatabase size={16} aria-hidden /> : <StatusDot hue={hue} />}
          <span className={classes.chipWords}>{ageless ? t("data.title") : words}</span>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown aria-label={t("data.title")} className={classes.dropdown ?? ""}>
        <DataPanel />
      </Popover.Dropdown>
    </Popover>
  );
}
