import { useTranslation } from "react-i18next";

import { type Project, useProject } from "./api";

type Role = Project["role"];

const RANK: Record<Role, number> = { viewer: 0, operator: 1, manager: 2, owner: 3 };

/** The least role for each thing, as on the server, which has the last word. */
const LEAST = { run: "operator", manage: "manager" } as const;

/** Why one may not do this here, in words; null when one may. */
export function useRefusal(what: keyof typeof LEAST): string | null {
  const { t } = useTranslation();
  const { role } = useProject();
  if (RANK[role] >= RANK[LEAST[what]]) return null;
  return t("automation.refusal", { role: t(`role.${role}`) });
}
