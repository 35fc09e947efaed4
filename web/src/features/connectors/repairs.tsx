import { Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Schema } from "../../api/client";
import { Confirm, WordButton } from "../../components/ui";
import page from "../../components/ui/page.module.css";
import { number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useRefusal } from "../projects";
import type { Finding, FindingFilter } from "./check-api";
import type { Connector } from "./place";
import { useOurRuns } from "./use-connectors";
import { useRepair } from "./use-repairs";

interface RepairsProps {
  connector: Connector;
  filter: FindingFilter;
  /** Ticked by hand. */
  chosen: readonly Finding[];
  /** How many the filter means in all. */
  open: number;
}

type Wanted = Schema["RepairWanted"];

/** A record that is only here is deleted by its repair. */
const deletes = ({ kind, detail }: Finding) =>
  kind === "extra" || (kind === "duplicate" && detail.where === "here");

/** Have the chosen records, or all of them, read again; what that deletes is asked first. */
export function Repairs({ connector, filter, chosen, open }: RepairsProps) {
  const { t } = useTranslation();
  const role = useRefusal("manage");
  const repair = useRepair();
  const [asking, setAsking] = useState<Wanted | null>(null);
  const running = useOurRuns().some((run) => run.job_type === "connectors_reconciliation_repair");
  const refusal = role ?? (running ? t("copy.check.repairing") : null);
  const gone = chosen.filter(deletes).length;
  const some = () => {
    const wanted = { finding_ids: chosen.map(({ id }) => id), accept_deletions: false };
    if (gone > 0) setAsking({ ...wanted, accept_deletions: true });
    else repair.mutate(wanted);
  };
  const all = () => {
    const { kind, stream } = filter;
    // Deletions of many at once are left to a choice by hand: this keeps the guard of the server.
    repair.mutate({ connector, stream, kinds: kind === null ? null : [kind], accept_deletions: false });
  };
  return (
    <div className={page.bar}>
      {chosen.length > 0 ? (
        <WordButton refusal={refusal} loading={repair.isPending} onClick={some}>
          {t("copy.check.repair", { count: chosen.length })}
        </WordButton>
      ) : (
        <WordButton refusal={refusal} loading={repair.isPending} onClick={all}>
          {t("copy.check.repairAll", { n: number(open, locale()) })}
        </WordButton>
      )}
      {asking !== null && (
        <Confirm
          title={t("copy.check.deletesTitle")}
          submit={t("copy.check.deletesSubmit", { count: gone })}
          grave
          busy={repair.isPending}
          onSubmit={() => repair.mutate(asking, { onSuccess: () => setAsking(null) })}
          onClose={() => setAsking(null)}
        >
          <Text>{t("copy.check.deletes", { count: gone })}</Text>
          <Text c="dimmed">{t("copy.check.deletesHint")}</Text>
        </Confirm>
      )}
    </div>
  );
}
