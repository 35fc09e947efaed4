import { Text } from "@mantine/core";
import { IconScale } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { Lines, Moment, ProblemNote, Sparkline, WordButton } from "../../components/ui";
import page from "../../components/ui/page.module.css";
import { useProject, useRefusal } from "../projects";
import type { ConnectorState } from "./api";
import type { StreamCheck, Totals } from "./check-api";
import { CheckTable } from "./check-table";
import classes from "./connectors.module.css";
import { Findings } from "./findings";
import type { Connector, Place } from "./place";
import { Stages } from "./stages";
import { canSync } from "./use-changes";
import { useReconciliation } from "./use-completeness";
import { useCheck } from "./use-repairs";
import { share, streamName } from "./words";

interface CheckProps {
  state: ConnectorState;
  connector: Connector;
  place: Place;
}

/** How complete the copy is beside its source, the very records that differ, and their repair. */
export function CheckTab({ state, connector, place }: CheckProps) {
  const found = useReconciliation();
  // Another project's findings are never shown under this one, not even for a moment.
  const project = useProject().id;
  if (found.data === undefined) {
    return found.isError ? (
      <ProblemNote error={found.error} onRetry={() => void found.refetch()} />
    ) : (
      <Lines widths={[30, 100, 100, 100]} height={36} />
    );
  }
  const totals = found.data.connectors.find((one) => one.connector === connector);
  const streams = found.data.streams.filter((one) => one.connector === connector);
  const stages = found.data.stages.filter((one) => one.connector === connector);
  return (
    <>
      <Overall state={state} connector={connector} totals={totals} />
      {totals !== undefined && <CheckTable checks={inOrder(state, streams)} />}
      <Findings key={project} state={state} connector={connector} totals={totals} place={place} />
      {stages.length > 0 && <Stages stages={stages} />}
    </>
  );
}

/** In the order in which they are read, as everywhere. */
function inOrder(state: ConnectorState, checks: StreamCheck[]): StreamCheck[] {
  const place = new Map(state.streams.map(({ stream }, index) => [stream, index]));
  return checks.toSorted((a, b) => (place.get(a.stream) ?? 99) - (place.get(b.stream) ?? 99));
}

interface OverallProps {
  state: ConnectorState;
  connector: Connector;
  totals: Totals | undefined;
}

function Overall({ state, connector, totals }: OverallProps) {
  const { t } = useTranslation();
  const role = useRefusal("run");
  const check = useCheck(connector);
  const refusal = role ?? (canSync(state) ? null : t("connector.unbound"));
  return (
    <div className={classes.overall}>
      <Share totals={totals} />
      {totals !== undefined && <Trend totals={totals} />}
      <div className={page.grow}>
        <Checked at={totals?.checked_at ?? null} />
      </div>
      <WordButton
        hint={t("copy.check.runHint")}
        refusal={refusal}
        loading={check.isPending}
        leftSection={<IconScale size={14} aria-hidden />}
        onClick={() => check.mutate()}
      >
        {t("copy.check.run")}
      </WordButton>
    </div>
  );
}

/** How much of the source is here, and the stream that lacks most; or that it is not known. */
function Share({ totals }: Pick<OverallProps, "totals">) {
  const { t } = useTranslation();
  const whole = totals?.completeness ?? null;
  return (
    <div>
      <small>{t("copy.check.overall")}</small>
      <strong>{whole === null ? t("copy.check.unknown") : share(whole)}</strong>
      {totals?.worst && totals.worst.completeness < 100 && (
        <small>
          {t("copy.check.worst", {
            stream: streamName(t, totals.worst.stream),
            share: share(totals.worst.completeness),
          })}
        </small>
      )}
    </div>
  );
}

function Checked({ at }: { at: string | null }) {
  const { t } = useTranslation();
  return at === null ? (
    <>
      <Text>{t("copy.check.never")}</Text>
      <Text fz="xs" c="dimmed">
        {t("copy.check.neverHint")}
      </Text>
    </>
  ) : (
    <Text fz="xs" c="dimmed">
      {t("copy.check.checked")} <Moment at={at} />
    </Text>
  );
}

/** The last checks, the oldest first; one that learnt nothing is a gap. */
function Trend({ totals }: { totals: Totals }) {
  const { t } = useTranslation();
  const values = totals.trend
    .toSorted((a, b) => Date.parse(a.checked_at) - Date.parse(b.checked_at))
    .map(({ completeness }) => completeness);
  const known = values.filter((value) => value !== null);
  const [first] = known;
  const last = known.at(-1);
  if (first === undefined || last === undefined) {
    return <small>{t("copy.check.trendNone")}</small>;
  }
  // One check is no trend.
  if (known.length < 2) return null;
  return (
    <div>
      <small>{t("copy.check.trend")}</small>
      <Sparkline
        values={values}
        label={t("copy.check.trendOf", { count: values.length, first: share(first), last: share(last) })}
      />
    </div>
  );
}
