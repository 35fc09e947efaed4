import { Checkbox, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Lines, ProblemNote, Said } from "../../components/ui";
import { useProject } from "../projects";
import { type Part, partsQuery } from "./api";
import { type Chosen, type Draft, keyOf } from "./binding-draft";
import classes from "./connectors.module.css";
import type { Connector } from "./place";

interface PartListProps {
  connector: Connector;
  name: string;
  draft: Draft;
  onToggle: (part: Chosen) => void;
}

const PAUSE_MS = 400;

/** The parts of the account, with a search; those of another project cannot be chosen. */
export function PartList({ connector, name, draft, onToggle }: PartListProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const [words] = useDebouncedValue(typed.trim(), PAUSE_MS);
  // There can be any number of companies: they are looked for where they are.
  const afar = connector === "attio";
  const found = useQuery({
    ...partsQuery(useProject().id, connector, afar ? words : ""),
    placeholderData: keepPreviousData,
  });
  const parts = found.data?.filter((part) => part.kind !== "account" && (afar || fits(part, typed)));
  return (
    <>
      <TextInput
        type="search"
        mt={8}
        maw={420}
        leftSection={<IconSearch size={16} aria-hidden />}
        aria-label={t(afar ? "connectors.setup.searchCompanies" : "connectors.setup.search")}
        placeholder={t(afar ? "connectors.setup.searchCompanies" : "connectors.setup.search")}
        description={afar ? t("connectors.setup.searchHint") : undefined}
        maxLength={200}
        value={typed}
        onChange={({ currentTarget }) => setTyped(currentTarget.value)}
      />
      {found.isError && (
        <ProblemNote
          error={found.error}
          title={t("connectors.setup.partsFailed", { name })}
          onRetry={() => void found.refetch()}
        />
      )}
      {found.isPending && <Lines widths={[60, 80, 50]} />}
      {parts !== undefined && (
        <Found parts={parts} draft={draft} onToggle={onToggle} busy={found.isPlaceholderData} />
      )}
    </>
  );
}

const fits = ({ name }: Part, words: string) =>
  name.toLocaleLowerCase().includes(words.trim().toLocaleLowerCase());

interface FoundProps {
  parts: Part[];
  draft: Draft;
  busy: boolean;
  onToggle: (part: Chosen) => void;
}

function Found({ parts, draft, busy, onToggle }: FoundProps) {
  const { t } = useTranslation();
  const chosen = new Set(draft.parts.map(keyOf));
  if (parts.length === 0) return <Text mt={8}>{t("connectors.setup.nothing")}</Text>;
  return (
    <ul className={classes.parts} aria-label={t("connectors.setup.see")} aria-busy={busy || undefined}>
      {parts.map((part) => {
        const elsewhere = part.bound === "elsewhere";
        return (
          <li key={keyOf(part)} data-off={elsewhere || undefined}>
            <Checkbox
              disabled={elsewhere || draft.whole}
              checked={!elsewhere && (draft.whole || chosen.has(keyOf(part)))}
              onChange={() => onToggle(part)}
              label={
                <span className={classes.part}>
                  <Said>{part.name}</Said>
                  <span className={classes.kind}>
                    {t(`connectors.setup.kind.${part.kind}`)}
                    {elsewhere && ` · ${t("connectors.setup.elsewhere")}`}
                    {part.bound === "here" && ` · ${t("connectors.setup.here")}`}
                  </span>
                </span>
              }
            />
          </li>
        );
      })}
    </ul>
  );
}
