import { Checkbox, Stack, UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { useProject } from "../projects";
import { TITLES } from "../connectors";
import classes from "./filter.module.css";
import { FilterChip } from "./filter-chip";
import { NameChoice } from "./name-choice";
import { useNamed, useNames } from "./names";
import { PeriodChoice } from "./period-choice";
import { isNarrowed, LANGUAGES, type Narrowed, names, readNarrowed, SYSTEMS } from "./place";
import { usePeriodWords } from "./within";

interface FilterBarProps {
  narrowed: Narrowed;
  onChange: (narrowed: Narrowed) => void;
}

/** What the next question is narrowed to. It stands in the address, so it can be shared. */
export function FilterBar({ narrowed, onChange }: FilterBarProps) {
  const { t } = useTranslation();
  const turn = (part: Record<string, string | undefined>) => onChange(readNarrowed({ ...narrowed, ...part }));
  return (
    <div role="group" aria-label={t("filter.label")} className={classes.bar}>
      <Choice
        label={t("filter.source")}
        list={narrowed.sources}
        options={SYSTEMS.map((value) => ({ value, label: TITLES[value] }))}
        onChange={(sources) => turn({ sources })}
      />
      <Named kind="clients" list={narrowed.clients} onChange={(clients) => turn({ clients })} />
      <Named kind="people" list={narrowed.people} onChange={(people) => turn({ people })} />
      <Period narrowed={narrowed} onChange={turn} />
      <Choice
        label={t("filter.language")}
        list={narrowed.languages}
        options={LANGUAGES.map((value) => ({ value, label: t(`filter.languages.${value}`) }))}
        onChange={(languages) => turn({ languages })}
      />
      {isNarrowed(narrowed) && (
        <UnstyledButton className={classes.clear} onClick={() => onChange({})}>
          {t("filter.clear")}
        </UnstyledButton>
      )}
    </div>
  );
}

type Change = (list: string | undefined) => void;

interface ChoiceProps {
  label: string;
  list: string | undefined;
  options: { value: string; label: string }[];
  onChange: Change;
}

/** Some of a few. */
function Choice({ label, list, options, onChange }: ChoiceProps) {
  const chosen = names(list);
  const words = options.filter(({ value }) => chosen.includes(value)).map((option) => option.label);
  return (
    <FilterChip label={label} value={words.length === 0 ? null : words.join(", ")} onClear={() => onChange(undefined)}>
      {() => (
        <Checkbox.Group aria-label={label} value={chosen} onChange={(values) => onChange(joined(values))}>
          <Stack gap="sm">
            {options.map((option) => (
              <Checkbox key={option.value} {...option} />
            ))}
          </Stack>
        </Checkbox.Group>
      )}
    </FilterChip>
  );
}

interface NamedProps {
  kind: "clients" | "people";
  list: string | undefined;
  onChange: Change;
}

/** Some of many, found by name. */
function Named({ kind, list, onChange }: NamedProps) {
  const { t } = useTranslation();
  const { id: projectId } = useProject();
  const chosen = names(list);
  const known = useNames(chosen);
  const label = t(kind === "clients" ? "filter.client" : "filter.person");
  const words = useNamed()(chosen, known);
  return (
    <FilterChip label={label} value={words === "" ? null : words} onClear={() => onChange(undefined)}>
      {() => (
        <NameChoice
          key={projectId}
          kind={kind}
          label={label}
          chosen={chosen}
          onChange={(keys) => onChange(joined(keys))}
        />
      )}
    </FilterChip>
  );
}

function Period({ narrowed, onChange }: { narrowed: Narrowed; onChange: (part: Record<string, string | undefined>) => void }) {
  const { t } = useTranslation();
  const words = usePeriodWords();
  const none = { period: undefined, since: undefined, until: undefined };
  const { period, since, until } = narrowed;
  const value = period === undefined ? words(since ?? null, until ?? null) : t(`filter.periods.${period}`);
  return (
    <FilterChip label={t("filter.period")} value={value} onClear={() => onChange(none)}>
      {(close) => (
        <PeriodChoice
          narrowed={narrowed}
          onChange={(part) => {
            onChange({ ...none, ...part });
            if (part.since === undefined && part.until === undefined) close();
          }}
        />
      )}
    </FilterChip>
  );
}

const joined = (values: string[]): string | undefined => (values.length === 0 ? undefined : values.join(","));
