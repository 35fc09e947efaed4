import { Button, Text, Title } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Lines, ProblemNote, usePageTitle } from "../../components/ui";
import page from "../../components/ui/page.module.css";
import { useProject, useRefusal } from "../projects";
import { CaseItem } from "./case-item";
import classes from "./cases.module.css";
import { CASE_STATUSES, casesQuery } from "./cases-api";
import type { CaseStatus } from "./types";

/** Answers that somebody found wrong: each is read, and becomes an example or is put aside. */
export function CasesPage({ status }: { status: CaseStatus }) {
  const { t } = useTranslation();
  usePageTitle(t("cases.title"), t("ask.title"));
  const refusal = useRefusal("run");
  return (
    <div className={`${page.page} ${classes.page}`}>
      <Title order={1} fz="xl">
        {t("cases.title")}
      </Title>
      <Text c="dimmed" mt={4}>
        {t("cases.hint")}
      </Text>
      <nav className={page.tabs} aria-label={t("cases.title")}>
        {CASE_STATUSES.map((one) => (
          <Link
            key={one}
            to="/ask/cases"
            search={one === "open" ? {} : { status: one }}
            className={page.tab}
            aria-current={one === status ? "page" : undefined}
            activeProps={{}}
          >
            {t(`cases.status.${one}`)}
          </Link>
        ))}
      </nav>
      {refusal === null ? <Cases key={status} status={status} /> : <Text c="dimmed">{refusal}</Text>}
    </div>
  );
}

function Cases({ status }: { status: CaseStatus }) {
  const { t } = useTranslation();
  const cases = useInfiniteQuery(casesQuery(useProject().id, status));
  if (cases.data === undefined) {
    return cases.isError ? (
      <ProblemNote error={cases.error} onRetry={() => void cases.refetch()} />
    ) : (
      <Lines widths={[100, 100, 100]} height={52} />
    );
  }
  const items = cases.data.pages.flatMap((each) => each.items);
  if (items.length === 0) {
    return (
      <div className={page.empty}>
        {status === "open" && <IconCircleCheck size={28} stroke={1.5} aria-hidden />}
        <Text fw={600}>{t(`cases.none.${status}`)}</Text>
      </div>
    );
  }
  return (
    <>
      <ul className={classes.list}>
        {items.map((item) => (
          <li key={item.id}>
            <CaseItem item={item} />
          </li>
        ))}
      </ul>
      {cases.hasNextPage && (
        <Button variant="default" loading={cases.isFetchingNextPage} onClick={() => void cases.fetchNextPage()}>
          {t("common.showMore")}
        </Button>
      )}
    </>
  );
}
