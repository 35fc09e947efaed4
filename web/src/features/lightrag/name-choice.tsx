import { Checkbox, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Lines, ProblemNote } from "../../components/ui";
import { number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useProject } from "../projects";
import { choicesQuery } from "./api";
import classes from "./filter.module.css";
import { nameOf, rememberName, useNames } from "./names";
import type { FilterChoice } from "./types";

/** Long enough not to ask for every letter. */
const TYPING_MS = 200;

interface NameChoiceProps {
  kind: "clients" | "people";
  label: string;
  chosen: string[];
  onChange: (keys: string[]) => void;
}

/** Clients or people by name: those that are chosen first, then those with most documents. */
export function NameChoice({ kind, label, chosen, onChange }: NameChoiceProps) {
  const { t } = useTranslation();
  const { id: projectId } = useProject();
  const [typed, setTyped] = useState("");
  const [words] = useDebouncedValue(typed.trim(), TYPING_MS);
  const found = useQuery(choicesQuery(projectId, words));
  const known = useNames(chosen);
  const choices = found.data?.[kind] ?? [];
  const shown = [...kept(chosen, choices, (key) => nameOf(known, key)), ...choices];
  const turn = (keys: string[]) => {
    for (const { key, name } of choices) if (keys.includes(key)) rememberName(projectId, key, name);
    onChange(keys);
  };
  return (
    <Stack gap="sm">
      <TextInput
        type="search"
        size="xs"
        data-autofocus
        aria-label={t("filter.find", { name: label })}
        placeholder={t("filter.find", { name: label })}
        leftSection={<IconSearch size={14} aria-hidden />}
        maxLength={100}
        value={typed}
        onChange={({ currentTarget }) => setTyped(currentTarget.value)}
      />
      {found.isError && <ProblemNote error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <Lines widths={[80, 60, 70]} />}
      {found.data !== undefined && shown.length === 0 && <Text c="dimmed">{t("filter.nobody")}</Text>}
      <Checkbox.Group aria-label={label} value={chosen} onChange={turn}>
        <div className={classes.choices} aria-busy={found.isPlaceholderData || undefined}>
          {shown.map((choice) => (
            <Checkbox key={choice.key} value={choice.key} label={<ChoiceLabel choice={choice} />} />
          ))}
        </div>
      </Checkbox.Group>
    </Stack>
  );
}

/** The chosen ones that the search does not show; how many documents they have is not known. */
function kept(chosen: string[], choices: FilterChoice[], name: (key: string) => string): FilterChoice[] {
  const missing = chosen.filter((key) => !choices.some((choice) => choice.key === key));
  return missing.map((key) => ({ key, name: name(key), documents: 0 }));
}

function ChoiceLabel({ choice: { name, documents } }: { choice: FilterChoice }) {
  return (
    <span className={classes.choice}>
      <bdi>{name}</bdi>
      {documents > 0 && <small>{number(documents, locale())}</small>}
    </span>
  );
}
