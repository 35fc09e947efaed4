import { Button, Text, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type ErrorComponentProps, Link, useRouter } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Lines, ProblemNote, usePageTitle } from "../components/ui";
import classes from "./shell.module.css";

/** While it is not yet known who is here. */
export function Opening() {
  return (
    <div className={classes.alone}>
      <Lines widths={[40, 90, 70]} />
    </div>
  );
}

export function PageFailed({ error }: ErrorComponentProps) {
  const { t } = useTranslation();
  const router = useRouter();
  const queryClient = useQueryClient();
  usePageTitle(t("error.page"));
  const retry = () => {
    queryClient.removeQueries({ predicate: ({ state }) => state.status === "error" });
    void router.invalidate();
  };
  return (
    <main className={classes.alone}>
      <Title order={1} fz="xl" mb="md">
        {t("error.page")}
      </Title>
      <ProblemNote error={error} onRetry={retry} />
    </main>
  );
}

export function PageNotFound() {
  const { t } = useTranslation();
  usePageTitle(t("error.notFoundTitle"));
  return (
    <main className={classes.alone}>
      <Title order={1} fz="xl">
        {t("error.notFoundTitle")}
      </Title>
      <Text c="dimmed" mt={4} mb="lg">
        {t("error.notFoundNext")}
      </Text>
      <Button component={Link} to="/">
        {t("error.toAsk")}
      </Button>
    </main>
  );
}
