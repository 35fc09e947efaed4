import type { TFunction } from "i18next";

import type { Run } from "./api";

/** Troubles that pass by themselves: the server tries again as long as it has attempts. */
const PASSING = new Set(["rate_limit", "network", "server", "database", "lease_lost"]);

/** Troubles that a person ends, each in a way of its own. */
const KNOWN = ["auth", "quota", "schema", "rejected", "not_found", "misconfigured", "invalid_input", "timeout", "memory", "crashed", "bug"] as const;

/** What to do about the error of a run; null when somebody or something took care of it. */
export function nextStep(t: TFunction, run: Pick<Run, "status" | "resolution">, kind: string): string | null {
  const { status, resolution } = run;
  if (resolution !== null && resolution !== "passed_on") return null;
  const triedAgain = resolution === "passed_on" || status === "queued" || status === "running";
  if (PASSING.has(kind)) {
    if (!triedAgain) return t("automation.next.exhausted");
    return t(kind === "rate_limit" ? "automation.next.rate_limit" : "automation.next.passing");
  }
  const known = KNOWN.find((each) => each === kind);
  if (known !== undefined) return t(`automation.next.${known}`);
  return t(triedAgain ? "automation.next.passing" : "automation.next.other");
}
