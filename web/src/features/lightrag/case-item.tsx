import { Button, Group, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Moment, ProblemNote, Said, sayDone } from "../../components/ui";
import classes from "./cases.module.css";
import { useVerdict } from "./cases-api";
import type { Case, CaseStatus } from "./types";

/** One answer that was found wrong: what was asked, what was said about it, and the verdict. */
export function CaseItem({ item }: { item: Case }) {
  const { t } = useTranslation();
  const given = typeof item.answer.answer === "string" ? item.answer.answer : "";
  return (
    <article className={classes.case} aria-label={item.question}>
      <Link to="/ask/{-$id}" params={{ id: item.query_id }} className={classes.question} dir="auto">
        {item.question}
      </Link>
      <Text fz="xs" c="dimmed">
        <Moment at={item.created_at} />
        {item.reason !== null && ` · ${t(`feedback.reasons.${item.reason}`)}`}
      </Text>
      {given !== "" && (
        <Text mt={6} lineClamp={4} dir="auto">
          {given}
        </Text>
      )}
      {item.comment !== null && (
        <blockquote className={classes.comment}>
          <Said>{item.comment}</Said>
        </blockquote>
      )}
      <Judgement item={item} />
    </article>
  );
}

function Judgement({ item }: { item: Case }) {
  const { t } = useTranslation();
  const [expected, setExpected] = useState(item.expected ?? "");
  const [note, setNote] = useState(item.note ?? "");
  const decide = useVerdict(item.id, () => sayDone(t("cases.saved")));
  const send = (status: CaseStatus) =>
    decide.mutate({
      status,
      ...(expected.trim() !== "" && { expected: expected.trim() }),
      ...(note.trim() !== "" && { note: note.trim() }),
    });
  return (
    <Stack gap="sm" mt="sm">
      <Textarea
        label={t("cases.expected")}
        autosize
        minRows={1}
        maxRows={8}
        maxLength={4000}
        dir="auto"
        value={expected}
        onChange={({ currentTarget }) => setExpected(currentTarget.value)}
      />
      <TextInput
        label={t("cases.note")}
        maxLength={4000}
        dir="auto"
        value={note}
        onChange={({ currentTarget }) => setNote(currentTarget.value)}
      />
      {decide.isError && (
        <ProblemNote error={decide.error} title={t("cases.failed")} onRetry={() => send(decide.variables.status)} />
      )}
      <Verdicts status={item.status} busy={decide.isPending} onDecide={send} />
    </Stack>
  );
}

interface VerdictsProps {
  status: CaseStatus;
  busy: boolean;
  onDecide: (status: CaseStatus) => void;
}

const ACTS = { accepted: "accept", dismissed: "dismiss", open: "reopen" } as const;

/** What else it can be. */
function Verdicts({ status, busy, onDecide }: VerdictsProps) {
  const { t } = useTranslation();
  const others = (["accepted", "dismissed", "open"] as const).filter((one) => one !== status);
  return (
    <Group gap="sm">
      {others.map((one) => (
        <Button
          key={one}
          size="xs"
          variant={one === "accepted" ? "filled" : "default"}
          disabled={busy}
          onClick={() => onDecide(one)}
        >
          {t(`cases.${ACTS[one]}`)}
        </Button>
      ))}
    </Group>
  );
}
