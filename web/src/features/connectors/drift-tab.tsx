import { Text } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { Moment, Said } from "../../components/ui";
import page from "../../components/ui/page.module.css";
import { visible } from "../../lib/visible";
import { useProject } from "../projects";
import { type Drift, driftQuery } from "./errors-api";
import type { Connector } from "./place";
import { streamName } from "./words";

/** What the service began to say after its streams were first read. */
export function DriftTab({ connector }: { connector: Connector }) {
  const { t } = useTranslation();
  const { data: found } = useSuspenseQuery(driftQuery(useProject().id, connector));
  if (found.length === 0) {
    return (
      <div className={page.empty}>
        <Text fw={600}>{t("copy.drift.none")}</Text>
        <Text c="dimmed" maw={560} mx="auto">
          {t("copy.drift.hint")}
        </Text>
      </div>
    );
  }
  return (
    <>
      <Text c="dimmed" mb="sm">
        {t("copy.drift.hint")}
      </Text>
      <table className={page.table}>
        <thead>
          <tr>
            <th scope="col">{t("copy.drift.what")}</th>
            <th scope="col">{t("copy.stream")}</th>
            <th scope="col">{t("copy.drift.since")}</th>
          </tr>
        </thead>
        <tbody>
          {found.map((one) => (
            <tr key={`${one.stream} ${one.field}`}>
              <td className={page.lead}>
                <What drift={one} />
              </td>
              <td>{streamName(t, one.stream)}</td>
              <td>
                <Moment at={one.first_seen_at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** `name:type` is a member, `name=value` a value that none of the known ones is. */
function What({ drift }: { drift: Drift }) {
  const { t } = useTranslation();
  const [, name = "", mark, rest = ""] = /^([^:=]+)([:=])(.*)$/s.exec(drift.field) ?? [];
  if (mark === ":") return t("copy.drift.isField", { name: visible(name), type: visible(rest) });
  if (mark === "=") return t("copy.drift.isValue", { name: visible(name), value: visible(rest) });
  return <Said>{drift.field}</Said>;
}
