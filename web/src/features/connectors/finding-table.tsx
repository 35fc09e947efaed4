import { Checkbox, Text } from "@mantine/core";
import { IconEyeOff, IconRestore } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { ActButton, Moment, Said } from "../../components/ui";
import page from "../../components/ui/page.module.css";
import { clock } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useServerNow } from "../../lib/server-clock";
import { isolated } from "../../lib/visible";
import { useZone } from "../../lib/zone";
import { useRefusal } from "../projects";
import type { Finding } from "./check-api";
import classes from "./connectors.module.css";
import { useIgnore } from "./use-repairs";
import { streamName } from "./words";

interface FindingTableProps {
  findings: readonly Finding[];
  chosen: ReadonlySet<string>;
  onChoose: (chosen: ReadonlySet<string>) => void;
}

/** Records by their ids, each with what is known of it; open ones can be chosen for a repair. */
export function FindingTable({ findings, chosen, onChoose }: FindingTableProps) {
  const { t } = useTranslation();
  const open = findings.filter(({ status }) => status === "open");
  const all = open.length > 0 && open.every(({ id }) => chosen.has(id));
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    onChoose(next);
  };
  return (
    <table className={`${page.table} ${classes.findings}`}>
      <thead>
        <tr>
          <th scope="col">
            <Checkbox
              size="xs"
              aria-label={t("copy.check.selectAll")}
              disabled={open.length === 0}
              checked={all}
              indeterminate={!all && open.some(({ id }) => chosen.has(id))}
              onChange={() => onChoose(new Set(all ? [] : open.map(({ id }) => id)))}
            />
          </th>
          <th scope="col">{t("copy.check.id")}</th>
          <th scope="col">{t("copy.check.kind")}</th>
          <th scope="col">{t("copy.stream")}</th>
          <th scope="col">{t("copy.check.found")}</th>
          <th scope="col">{t("copy.check.note")}</th>
          <th scope="col" className={page.do} aria-label={t("automation.jobs.actions")} />
        </tr>
      </thead>
      <tbody>
        {findings.map((finding) => (
          <FindingRow
            key={finding.id}
            finding={finding}
            chosen={chosen.has(finding.id)}
            onToggle={() => toggle(finding.id)}
          />
        ))}
      </tbody>
    </table>
  );
}

interface FindingRowProps {
  finding: Finding;
  chosen: boolean;
  onToggle: () => void;
}

function FindingRow({ finding, chosen, onToggle }: FindingRowProps) {
  const { t } = useTranslation();
  const id = isolated(finding.external_id);
  return (
    <tr data-muted={finding.status !== "open" || undefined}>
      <td className={classes.choice}>
        {finding.status === "open" && (
          <Checkbox size="xs" aria-label={t("copy.check.select", { id })} checked={chosen} onChange={onToggle} />
        )}
      </td>
      <td className={page.lead}>
        <Link
          to="/connectors/$connector"
          params={{ connector: finding.connector }}
          search={{ tab: "records", stream: finding.stream, id: finding.external_id, deleted: true }}
          className={page.name}
        >
          <Said>{finding.external_id}</Said>
        </Link>
        <Known finding={finding} />
      </td>
      <td>{t(`copy.check.${finding.kind}`)}</td>
      <td>{streamName(t, finding.stream)}</td>
      <td>
        <Moment at={finding.found_at} />
      </td>
      <td className={page.whole}>
        <Note finding={finding} />
      </td>
      <td className={page.do}>
        <Fate finding={finding} id={id} />
      </td>
    </tr>
  );
}

const said = (value: unknown): string | null =>
  typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : null;

/** By what a person knows the record: its number, name, address. */
function Known({ finding: { detail } }: { finding: Finding }) {
  const { known } = detail;
  const parts = typeof known === "object" && known !== null ? Object.values(known).map(said) : [said(known)];
  const words = parts.filter((part) => part !== null).join(" · ");
  return words === "" ? null : (
    <span className={`${page.small} ${page.clamp}`}>
      <Said>{words}</Said>
    </span>
  );
}

/** A version is a time of change, or else a digest of the content. */
const MOMENT = /^\d{4}-\d\d-\d\d[T ]/;

function Note({ finding: { detail, repair_error, kind, status, resolved_at } }: { finding: Finding }) {
  const { t } = useTranslation();
  const zone = useZone();
  const now = useServerNow(60_000);
  const version = (one: string) =>
    MOMENT.test(one) && !Number.isNaN(Date.parse(one)) ? clock(one, now, locale(), zone) : isolated(one.slice(0, 12));
  const twin = said(detail.twin);
  const ours = said(detail.our_version);
  const theirs = said(detail.source_version);
  return (
    <>
      {status !== "open" && (
        <span className={page.small}>
          {t(`copy.check.state.${status}`)} {resolved_at !== null && <Moment at={resolved_at} />}
        </span>
      )}
      {twin !== null && <span className={page.small}>{t("copy.check.twin", { id: isolated(twin) })}</span>}
      {kind === "duplicate" && detail.where === "source" && (
        <span className={page.small}>{t("copy.check.atSource")}</span>
      )}
      {kind === "stale" && ours !== null && theirs !== null && (
        <span className={page.small}>
          {t("copy.check.versions", { ours: version(ours), theirs: version(theirs) })}
        </span>
      )}
      {repair_error !== null && (
        <Text fz="xs" c="var(--mayak-risk)">
          {t("copy.check.error", { why: isolated(repair_error) })}
        </Text>
      )}
    </>
  );
}

function Fate({ finding, id }: { finding: Finding; id: string }) {
  const { t } = useTranslation();
  const refusal = useRefusal("manage");
  const { ignore, reopen } = useIgnore(finding);
  if (finding.status === "open") {
    return (
      <ActButton
        label={t("copy.check.ignoreOf", { id })}
        hint={t("copy.check.ignore")}
        Icon={IconEyeOff}
        refusal={refusal}
        busy={ignore.isPending}
        onClick={() => ignore.mutate()}
      />
    );
  }
  if (finding.status !== "ignored") return null;
  return (
    <ActButton
      label={t("copy.check.reopenOf", { id })}
      hint={t("copy.check.reopen")}
      Icon={IconRestore}
      refusal={refusal}
      busy={reopen.isPending}
      onClick={() => reopen.mutate()}
    />
  );
}
