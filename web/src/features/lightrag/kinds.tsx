import {
  IconBuilding,
  IconCheckbox,
  IconCircleDot,
  IconCoin,
  IconFileText,
  IconFolder,
  IconMessage,
  IconMessage2,
  IconMessages,
  IconNote,
  IconUser,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { TITLES } from "../connectors";
import classes from "./source.module.css";
import { SYSTEMS } from "./place";
import type { SourceType, System } from "./types";

const ICONS: Record<SourceType, typeof IconNote> = {
  chatwoot_message: IconMessage,
  chatwoot_conversation: IconMessages,
  chatwoot_contact: IconUser,
  linear_issue: IconCircleDot,
  linear_comment: IconMessage2,
  linear_project: IconFolder,
  attio_company: IconBuilding,
  attio_person: IconUser,
  attio_deal: IconCoin,
  attio_note: IconNote,
  attio_task: IconCheckbox,
  dataset_text: IconFileText,
};

export const isKind = (type: string): type is SourceType => Object.hasOwn(ICONS, type);

/** Where a kind of record comes from; null for what is of no connected system. */
export function systemOf(type: string): System | null {
  return SYSTEMS.find((system) => type.startsWith(`${system}_`)) ?? null;
}

/** The system of a kind of record, as it calls itself. */
export function systemTitle(type: string): string | null {
  const system = systemOf(type);
  return system && TITLES[system];
}

/** What a kind of record is called, such as "Linear issue". */
export function useKindName(): (type: string) => string {
  const { t } = useTranslation();
  return (type) => (isKind(type) ? t(`kind.${type}`) : type.replaceAll("_", " "));
}

/** A kind of record: an icon and its word. */
export function Kind({ type }: { type: string }) {
  const name = useKindName();
  const Icon = isKind(type) ? ICONS[type] : IconFileText;
  return (
    <span className={classes.kind}>
      <Icon size={14} stroke={1.75} aria-hidden />
      {name(type)}
    </span>
  );
}
