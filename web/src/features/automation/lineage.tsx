import { IconChevronRight } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { Moment } from "../../components/ui";
import type { Run, RunDetail } from "./api";
import classes from "./automation.module.css";
import { StateOfRun } from "./states";
import { jobName } from "./words";

/** Caused by, this, causes. A run that several causes share lists them all. */
export function Lineage({ run }: { run: RunDetail }) {
  const { t } = useTranslation();
  return (
    <div className={classes.lineage}>
      <Column title={t("automation.run.up")} runs={run.up} none={t("automation.run.upNone")} />
      <IconChevronRight size={18} aria-hidden />
      <div>
        <h3>{t("automation.run.self")}</h3>
        <div className={classes.link} data-self>
          <Words run={run} />
        </div>
      </div>
      <IconChevronRight size={18} aria-hidden />
      <Column title={t("automation.run.down")} runs={run.down} none={t("automation.run.downNone")} />
    </div>
  );
}

interface ColumnProps {
  title: string;
  runs: readonly Run[];
  none: string;
}

function Column({ title, runs, none }: ColumnProps) {
  return (
    <section aria-label={title}>
      <h3>
        {title}
        {runs.length > 1 && ` · ${runs.length}`}
      </h3>
      {runs.length === 0 ? <Nothing>{none}</Nothing> : <Runs runs={runs} />}
    </section>
  );
}

function Runs({ runs }: { runs: readonly Run[] }) {
  return (
    <ul>
      {runs.map((run) => (
        <li key={run.id}>
          <Link to="/automation/runs/$id" params={{ id: run.id }} className={classes.link}>
            <Words run={run} />
          </Link>
        </li>
      ))}
    </ul>
  );
}

const Nothing = ({ children }: { children: ReactNode }) => (
  <span className={classes.small}>{children}</span>
);

function Words({ run }: { run: Run }) {
  const { t } = useTranslation();
  return (
    <>
      <strong>{jobName(t, run.job_type)}</strong>
      <span className={classes.small}>
        <StateOfRun run={run} /> · <Moment at={run.finished_at ?? run.started_at ?? run.queued_at} />
      </span>
    </>
  );
}
