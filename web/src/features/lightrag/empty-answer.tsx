import { Button, Group, Text } from "@mantine/core";
import { IconDatabaseSearch, IconFilterOff, IconRefresh } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { Said } from "../../components/ui";
import type { Acts } from "./answer";
import classes from "./answer.module.css";
import { DataPanel } from "./data-panel";
import { Notes } from "./notes";
import type { Answer } from "./types";
import { narrows } from "./use-ask-page";
import { useFilterWords } from "./within";

const KNOWN = [
  "no_source_rows",
  "none_chunked",
  "none_embedded",
  "filtered",
  "gone",
  "below_threshold",
] as const;
type Reason = (typeof KNOWN)[number];

const isKnown = (reason: string | null): reason is Reason =>
  KNOWN.some((known) => known === reason);

/** "Not in the data": why, what to do about it, and what there is to answer from. */
export function EmptyAnswer({ answer, acts }: { answer: Answer; acts: Acts }) {
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
          <Excluding answer={answer} />
          <Group gap="sm" mt="md">
            {narrows(answer.filters) && (
              <Button
                size="xs"
                leftSection={<IconFilterOff size={14} aria-hidden />}
                onClick={() => acts.unfiltered(answer)}
              >
                {t("empty.unfiltered")}
              </Button>
            )}
            <Button
              size="xs"
              variant="default"
              leftSection={<IconRefresh size={14} aria-hidden />}
              onClick={() => acts.again(answer)}
            >
              {t("empty.again")}
            </Button>
          </Group>
        </div>
      </section>
      <Notes notes={answer.notes} />
      <section className={classes.panel} aria-label={t("empty.exists")}>
        <Text component="h2" fw={600} mb="sm">
          {t("empty.exists")}
        </Text>
        <DataPanel />
      </section>
    </>
  );
}

/** The filters that nothing came through, or that the search was narrowed to. */
function Excluding({ answer: { filters, reason } }: { answer: Answer }) {
  const { t } = useTranslation();
  const words = useFilterWords(filters);
  if (words.length === 0) return null;
  return (
    <Text mt={6}>
      {t(reason === "filtered" ? "empty.excluding" : "filter.within")} <Said>{words.join(" · ")}</Said>
    </Text>
  );
}
