import { Button, CloseButton, Code, Group, Text, TextInput, Tooltip } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconCircleCheck, IconSearch } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Lines, Moment, ProblemNote, Said } from "../../components/ui";
import { number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { isolated, visible } from "../../lib/visible";
import { useProject, useRefusal } from "../projects";
import { type Letters, lettersQuery } from "./api";
import classes from "./automation.module.css";
import { type Fate, LettersDialog } from "./letters-dialog";
import { RunPages } from "./runs-tab";
import type { Which } from "./use-changes";
import { jobName } from "./words";

/** Failed work that waits for a person, by its cause. */
export function DeadLetters({ text }: { text: string }) {
  const { t } = useTranslation();
  const found = useQuery({ ...lettersQuery(useProject().id, text), placeholderData: keepPreviousData });
  const page = found.data;
  return (
    <>
      <div className={classes.bar}>
        <Search text={text} />
        <span className={classes.grow} />
        {page && page.total > 0 && (
          <>
            <Text c="dimmed">{t("automation.letters.total", { count: page.total })}</Text>
            <Fates which={text === "" ? { all: true } : { q: text }} at={page.at} all={text === "" ? "All" : "Found"} />
          </>
        )}
      </div>
      {page === undefined &&
        (found.isError ? (
          <ProblemNote error={found.error} onRetry={() => void found.refetch()} />
        ) : (
          <Lines widths={[100, 100, 100]} height={52} />
        ))}
      {page?.items.length === 0 && <NoLetters searched={text !== ""} />}
      {page?.items.map((group) => <Cause key={group.fingerprint} group={group} at={page.at} />)}
    </>
  );
}

const PAUSE_MS = 300;

/** What is looked for stands in the address, once the typing pauses. */
function Search({ text }: { text: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [typed, setTyped] = useState(text);
  const look = (q: string) =>
    void navigate({
      to: "/automation",
      search: q === "" ? { tab: "letters" } : { tab: "letters", q },
      replace: true,
      resetScroll: false,
    });
  const lookSoon = useDebouncedCallback(look, PAUSE_MS);
  const type = (value: string) => {
    setTyped(value);
    lookSoon(value.trim());
  };
  return (
    <TextInput
      type="search"
      aria-label={t("automation.letters.search")}
      placeholder={t("automation.letters.search")}
      leftSection={<IconSearch size={16} aria-hidden />}
      rightSection={
        typed !== "" && <CloseButton size="sm" aria-label={t("automation.letters.clear")} onClick={() => type("")} />
      }
      maxLength={200}
      w={320}
      maw="100%"
      value={typed}
      onChange={(event) => type(event.currentTarget.value)}
    />
  );
}

function NoLetters({ searched }: { searched: boolean }) {
  const { t } = useTranslation();
  return (
    <div className={classes.empty}>
      {!searched && <IconCircleCheck size={28} stroke={1.5} aria-hidden />}
      <Text fw={600}>{t(searched ? "automation.letters.noneFound" : "automation.letters.none")}</Text>
      {!searched && (
        <Text c="dimmed" maw={520} mx="auto">
          {t("automation.letters.noneHint")}
        </Text>
      )}
    </div>
  );
}

interface FatesProps {
  which: Which;
  /** When the list was read. */
  at: string;
  /** The words for many groups at once. */
  all?: "All" | "Found";
}

function Fates({ which, at, all }: FatesProps) {
  const { t } = useTranslation();
  const [open, setOpen] = useState<{ fate: Fate; before: string; from: HTMLElement } | null>(null);
  const refusals = { replay: useRefusal("run"), discard: useRefusal("manage") };
  return (
    <Group gap={6} wrap="nowrap">
      {(["replay", "discard"] as const).map((fate) => (
        <Tooltip key={fate} label={refusals[fate]} disabled={refusals[fate] === null} multiline maw={280}>
          <Button
            size="compact-sm"
            variant={fate === "replay" ? "default" : "subtle"}
            color="gray"
            {...(refusals[fate] !== null && { "data-disabled": true })}
            aria-disabled={refusals[fate] !== null || undefined}
            aria-description={refusals[fate] ?? undefined}
            onClick={({ currentTarget: from }) =>
              refusals[fate] === null && setOpen({ fate, before: at, from })
            }
          >
            {t(all === undefined ? `automation.letters.${fate}` : `automation.letters.${fate}${all}`)}
          </Button>
        </Tooltip>
      ))}
      {open !== null && (
        <LettersDialog
          fate={open.fate}
          which={{ ...which, before: open.before }}
          onClose={() => {
            setOpen(null);
            open.from.focus();
          }}
        />
      )}
    </Group>
  );
}

function Cause({ group, at }: { group: Letters; at: string }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  // Without a fingerprint the server cannot tell this cause from others: its runs are acted on singly.
  const known = group.fingerprint !== "";
  return (
    <section className={classes.group} aria-label={t("automation.letters.of", { message: isolated(group.message) })}>
      <div className={classes.groupHead}>
        <span className={classes.groupCount} title={t("automation.letters.count")}>
          {number(group.count, locale())}
        </span>
        <div>
          <Text fw={600} className={classes.clamp ?? ""} title={visible(group.message)}>
            <Said>{group.message}</Said>
          </Text>
          <Text fz="xs" c="dimmed" mt={2}>
            <Code fz="xs">{group.kind}</Code> · {group.job_types.map((type) => jobName(t, type)).join(", ")} ·{" "}
            {t("automation.letters.first")} <Moment at={group.first_at} /> · {t("automation.letters.last")}{" "}
            <Moment at={group.last_at} />
          </Text>
          <Group gap="md" mt={4}>
            {known && (
              <Button size="compact-xs" variant="default" aria-expanded={open} onClick={() => setOpen(!open)}>
                {t(open ? "automation.letters.close" : "automation.letters.open")}
              </Button>
            )}
            <Link to="/automation/runs/$id" params={{ id: group.newest }}>
              {t("automation.letters.newest")}
            </Link>
          </Group>
        </div>
        {known && <Fates which={{ fingerprint: group.fingerprint }} at={at} />}
      </div>
      {open && (
        <div className={classes.groupRuns}>
          <RunPages
            filter={{ job: null, group: null, trigger: null, fingerprint: group.fingerprint, letters: true }}
            limit={10}
          />
        </div>
      )}
    </section>
  );
}
