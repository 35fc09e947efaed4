import { Group, Radio, Stack, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { type Narrowed, PERIODS, readNarrowed } from "./place";

type Part = Pick<Narrowed, "period" | "since" | "until">;

interface PeriodChoiceProps {
  narrowed: Narrowed;
  onChange: (part: Part) => void;
}

/** The last days up to now, or from one day to another. */
export function PeriodChoice({ narrowed: { period, since, until }, onChange }: PeriodChoiceProps) {
  const { t } = useTranslation();
  const dated = since !== undefined || until !== undefined;
  const days = (part: Part) => {
    const next = { ...(since !== undefined && { since }), ...(until !== undefined && { until }), ...part };
    onChange(readNarrowed(next));
  };
  return (
    <Stack gap="md">
      <Radio.Group
        aria-label={t("filter.period")}
        value={dated ? null : (period ?? "any")}
        onChange={(value) => {
          const chosen = PERIODS.find((known) => known === value);
          onChange(chosen === undefined ? {} : { period: chosen });
        }}
      >
        <Stack gap="sm">
          <Radio value="any" label={t("filter.anyTime")} />
          {PERIODS.map((value) => (
            <Radio key={value} value={value} label={t(`filter.periods.${value}`)} />
          ))}
        </Stack>
      </Radio.Group>
      <Group grow gap="sm">
        <Day label={t("filter.from")} value={since} max={until} onChange={(day) => days({ since: day })} />
        <Day label={t("filter.to")} value={until} min={since} onChange={(day) => days({ until: day })} />
      </Group>
    </Stack>
  );
}

interface DayProps {
  label: string;
  value: string | undefined;
  min?: string | undefined;
  max?: string | undefined;
  onChange: (day: string) => void;
}

function Day({ label, value = "", min, max, onChange }: DayProps) {
  return (
    <TextInput
      type="date"
      size="xs"
      label={label}
      value={value}
      min={min}
      max={max}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
    />
  );
}
