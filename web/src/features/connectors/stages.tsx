import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { Said } from "../../components/ui";
import page from "../../components/ui/page.module.css";
import { number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import type { Stage } from "./check-api";
import { streamName } from "./words";

/** What became of the copied records further down the line. */
export function Stages({ stages }: { stages: readonly Stage[] }) {
  const { t } = useTranslation();
  return (
    <section className={page.section}>
      <h2>{t("copy.check.stages")}</h2>
      {stages.map(({ name, stream, have, of, lacking }) => (
        <div key={`${name} ${stream}`}>
          <Text>
            {streamName(t, stream)} · {t(`copy.check.stage.${name}`)}:{" "}
            {t("copy.check.stageOf", { have: number(have, locale()), of: number(of, locale()) })}
          </Text>
          {lacking.length > 0 && (
            <details>
              <summary>
                {t("copy.check.lacking")} ({number(of - have, locale())})
              </summary>
              <Text fz="xs" c="dimmed">
                <Said>{lacking.join(", ")}</Said>
                {of - have > lacking.length && " …"}
              </Text>
            </details>
          )}
        </div>
      ))}
    </section>
  );
}
