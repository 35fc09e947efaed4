import { Button, Group, Modal, Radio, SegmentedControl, Select, Stack, Text, TextInput } from "@mantine/core";
import { type SyntheticEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";

import { ProblemNote } from "../../components/ui";
import { locale } from "../../lib/i18n";
import type { Job } from "./api";
import { changeOf, type Draft, draftOf, isEmpty, secondsOf, UNITS } from "./cadence-draft";
import { useChangeSchedule } from "./use-changes";
import { cronWords, everyWords, jobName } from "./words";

interface CadenceDialogProps {
  job: Job;
  onClose: () => void;
}

/** When a job runs, and what it does when it is late or still at it. */
export function CadenceDialog({ job, onClose }: CadenceDialogProps) {
  const { t } = useTranslation();
  // As it was when the dialog opened: polling must not change it under the hand.
  const [before] = useState(job);
  const [draft, setDraft] = useState(() => draftOf(job));
  const save = useChangeSchedule(job);
  const change = changeOf(before, draft);
  const edit = (fields: Partial<Draft>) => {
    save.reset();
    setDraft({ ...draft, ...fields });
  };
  const submit = (event?: SyntheticEvent) => {
    event?.preventDefault();
    // What is wrong with it stands below the number already.
    if (draft.kind === "every" && typeof secondsOf(draft) === "string") return;
    if (isEmpty(change)) onClose();
    else save.mutate(change, { onSuccess: onClose });
  };
  return (
    <Modal
      opened
      onClose={onClose}
      size={480}
      title={<Text fw={600}>{t("automation.dialog.title", { job: jobName(t, job.job_type) })}</Text>}
      closeButtonProps={{ "aria-label": t("common.close") }}
      transitionProps={{ duration: 120 }}
    >
      <form onSubmit={submit}>
        <Stack gap="lg">
          <RhythmFields draft={draft} onEdit={edit} mayRest={before.cadence_seconds === null && before.cron === null} />
          <Policies draft={draft} onEdit={edit} />
          {save.error && <ProblemNote error={save.error} title={t("automation.dialog.failed")} />}
          <Foot
            busy={save.isPending}
            onCancel={onClose}
            onReset={before.custom ? () => save.mutate({ reset: true }, { onSuccess: onClose }) : null}
          />
        </Stack>
      </form>
    </Modal>
  );
}

interface FootProps {
  busy: boolean;
  onCancel: () => void;
  /** Null when nobody changed the schedule. */
  onReset: (() => void) | null;
}

function Foot({ busy, onCancel, onReset }: FootProps) {
  const { t } = useTranslation();
  return (
    <Group justify="flex-end" gap="sm">
      {onReset !== null && (
        <Button variant="subtle" color="gray" me="auto" ml={-12} onClick={onReset}>
          {t("automation.dialog.reset")}
        </Button>
      )}
      <Button variant="default" onClick={onCancel}>
        {t("common.cancel")}
      </Button>
      <Button type="submit" loading={busy}>
        {t("automation.dialog.save")}
      </Button>
    </Group>
  );
}

interface FieldsProps {
  draft: Draft;
  onEdit: (fields: Partial<Draft>) => void;
}

function RhythmFields({ draft, onEdit, mayRest }: FieldsProps & { mayRest: boolean }) {
  const { t } = useTranslation();
  const kinds = mayRest ? (["none", "every", "cron"] as const) : (["every", "cron"] as const);
  return (
    <Stack gap="sm">
      <SegmentedControl
        fullWidth
        aria-label={t("automation.dialog.kind")}
        value={draft.kind}
        onChange={(kind) => onEdit({ kind })}
        data={kinds.map((value) => ({ value, label: t(`automation.dialog.${value}`) }))}
      />
      {draft.kind === "none" && <Text c="dimmed">{t("automation.dialog.noneHint")}</Text>}
      {draft.kind === "every" && <EveryFields draft={draft} onEdit={onEdit} />}
      {draft.kind === "cron" && <CronFields draft={draft} onEdit={onEdit} />}
    </Stack>
  );
}

function EveryFields({ draft, onEdit }: FieldsProps) {
  const { t } = useTranslation();
  const says = useId();
  const seconds = secondsOf(draft);
  const wrong = typeof seconds === "string";
  return (
    <>
      <Group grow gap="sm" align="flex-end">
        <TextInput
          label={t("automation.dialog.number")}
          data-autofocus
          inputMode="decimal"
          autoComplete="off"
          maxLength={20}
          error={typeof seconds === "string"}
          aria-describedby={says}
          value={draft.number}
          onChange={(event) => onEdit({ number: event.currentTarget.value })}
        />
        <Select
          label={t("automation.dialog.unit")}
          allowDeselect={false}
          value={draft.unit}
          onChange={(unit) => unit !== null && onEdit({ unit })}
          data={(Object.keys(UNITS) as Draft["unit"][]).map((value) => ({
            value,
            label: t(`automation.dialog.${value}`),
          }))}
        />
      </Group>
      <Text id={says} fz="xs" role={wrong ? "alert" : undefined} c={wrong ? "var(--mantine-color-error)" : "dimmed"}>
        {wrong
          ? t(`automation.dialog.${seconds}`)
          : t("automation.dialog.reads", { words: everyWords(t, seconds) })}
      </Text>
    </>
  );
}

const ZONES = [...new Set(["UTC", ...Intl.supportedValuesOf("timeZone")])];

function CronFields({ draft, onEdit }: FieldsProps) {
  const { t } = useTranslation();
  const words = cronWords(t, draft.cron.trim(), draft.zone, locale());
  return (
    <>
      <TextInput
        label={t("automation.dialog.expression")}
        data-autofocus
        description={t("automation.dialog.expressionHint")}
        required
        withAsterisk={false}
        maxLength={100}
        spellCheck={false}
        autoComplete="off"
        value={draft.cron}
        onChange={(event) => onEdit({ cron: event.currentTarget.value })}
      />
      <Select
        label={t("automation.dialog.zone")}
        searchable
        allowDeselect={false}
        limit={60}
        nothingFoundMessage={t("automation.dialog.zoneNone")}
        value={draft.zone}
        onChange={(zone) => zone !== null && onEdit({ zone })}
        data={ZONES.includes(draft.zone) ? ZONES : [draft.zone, ...ZONES]}
      />
      <Text fz="xs" c="dimmed">
        {t("automation.dialog.reads", { words })}
      </Text>
    </>
  );
}

const OVERLAPS = { queue: "overlapQueue", skip: "overlapSkip" } as const;
const CATCHUPS = { latest: "catchupLatest", all: "catchupAll", skip: "catchupSkip" } as const;

function Policies({ draft, onEdit }: FieldsProps) {
  const { t } = useTranslation();
  return (
    <>
      <Choice
        label={t("automation.dialog.overlap")}
        value={draft.overlap}
        words={OVERLAPS}
        onChoose={(overlap) => onEdit({ overlap })}
      />
      <Choice
        label={t("automation.dialog.catchup")}
        value={draft.catchup}
        words={CATCHUPS}
        onChoose={(catchup) => onEdit({ catchup })}
      />
    </>
  );
}

type Words = (typeof OVERLAPS)[keyof typeof OVERLAPS] | (typeof CATCHUPS)[keyof typeof CATCHUPS];

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  words: Record<T, Words>;
  onChoose: (value: T) => void;
}

function Choice<T extends string>({ label, value, words, onChoose }: ChoiceProps<T>) {
  const { t } = useTranslation();
  const name = useId();
  const values = Object.keys(words) as T[];
  return (
    <Radio.Group label={label} name={name} value={value} onChange={(chosen) => onChoose(chosen)}>
      <Stack gap={6} mt={6}>
        {values.map((each) => (
          <Radio key={each} value={each} label={t(`automation.dialog.${words[each]}`)} />
        ))}
      </Stack>
    </Radio.Group>
  );
}
