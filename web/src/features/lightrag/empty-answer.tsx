import { Button, Group, Text } from "@mantine/core";
import { IconDatabaseSearch, IconRefresh } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import type { Answer } from "./api";
import classes from "./answer.module.css";
import { DataPanel } from "./data-panel";
import { Notes } from "./notes";

const KNOWN = [
  "no_source_rows",
  "none_chunked",
  "none_embedded",
  "filtered",
  "below_threshold",
] as const;
type Reason = (typeof KNOWN)[number];

const isKnown = (reason: string | null): reason is Reason =>
  KNOWN.some((known) => known === reason);

/** Reasons that are about the state of the data, not about the question. */
const ABOUT_DATA = new Set<string | null>(["no_source_rows", "none_chunked", "none_embedded"]);

/** "Not in the data": why, what to do about it, and the data itself when that is the cause. */
export function EmptyAnswer({ answer, onAskAgain }: { answer: Answer; onAskAgain: () => void }) {
  const { t } = useTranslation();
  const { reason } = answer;
  const why = isKnown(reason) ? t(`empty.${reason}`) : (answer.reason_text ?? t("empty.unknown"));
  const next = isKnown(reason) ? t(`empty.${reason}_next`) : t("empty.unknown_next");
  return (
    <>
      <section className={classes.empty}>
        <IconDatabaseSearch size={20} aria-hidden />
        <div>
          <Text component="h2" fw={600} fz="lg">
            {t("empty.title")}
          </Text>
          <Text mt={4}>{why}</Text>
          <Text c="dimmed" mt={2}>
            {next}
          </Text>
          <Group gap="sm" mt="md">
            <Button
              size="xs"
              variant="default"
              leftSection={<IconRefresh size={14} aria-hidden />}
              onClick={onAskAgain}
            >
              {t("empty.again")}
            </Button>
          </Group>
        </div>
      </section>
      <Notes notes={answer.notes} />
      {ABOUT_DATA.has(reason) && (
        <div className={classes.panel}>
          <DataPanel />
        </div>
      )}
    </>
  );
}
