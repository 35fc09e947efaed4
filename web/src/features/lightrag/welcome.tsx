import { Text, Title, UnstyledButton } from "@mantine/core";
import { IconArrowRight } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { usePageTitle } from "../../components/ui";
import { useProject } from "../projects";
import { statusQuery } from "./api";
import classes from "./ask.module.css";
import { DataPanel } from "./data-panel";

/** Before the first question: what can be asked here, and what there is to ask about. */
export function Welcome({ onAsk }: { onAsk: (question: string) => void }) {
  const { t } = useTranslation();
  usePageTitle(t("ask.title"));
  return (
    <div className={classes.welcome}>
      <Title order={1} fz="xl">
        {t("ask.heading")}
      </Title>
      <Text c="dimmed" mt={4}>
        {t("ask.hint")}
      </Text>
      <Suggestions onAsk={onAsk} />
      <section aria-label={t("data.title")} className={classes.data}>
        <DataPanel />
      </section>
    </div>
  );
}

function Suggestions({ onAsk }: { onAsk: (question: string) => void }) {
  const { t } = useTranslation();
  const { data: status } = useQuery(statusQuery(useProject().id));
  if (!status || status.suggestions.length === 0) return null;
  return (
    <section className={classes.suggestions}>
      <Text component="h2" fz="xs" fw={600} c="dimmed" mb={4}>
        {t("ask.suggestions")}
      </Text>
      <ul>
        {status.suggestions.map((question) => (
          <li key={question}>
            <UnstyledButton className={classes.suggestion} onClick={() => onAsk(question)}>
              <span dir="auto">{question}</span>
              <IconArrowRight size={16} aria-hidden />
            </UnstyledButton>
          </li>
        ))}
      </ul>
    </section>
  );
}
