import { ActionIcon, Loader, Text, Textarea, Tooltip } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { IconArrowUp } from "@tabler/icons-react";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { characters } from "../../lib/spans";
import { QUESTION_LIMIT } from "./api";
import classes from "./ask.module.css";

/** From here on the reader sees how much room is left. */
const NEAR_LIMIT = 200;

interface QuestionBoxProps {
  value: string;
  onChange: (value: string) => void;
  onAsk: (question: string) => void;
  busy: boolean;
  /** True when an answer is on the page, and the box is for the next question. */
  again: boolean;
}

export function QuestionBox({ value, onChange, onAsk, busy, again }: QuestionBoxProps) {
  const { t } = useTranslation();
  const box = useRef<HTMLTextAreaElement>(null);
  // The server counts characters (code points), so emoji count as one.
  const left = QUESTION_LIMIT - characters(value);
  const ready = value.trim() !== "" && left >= 0 && !busy;
  const ask = () => {
    if (ready) onAsk(value.trim());
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    ask();
  };
  // A new question starts in the box; an opened answer is there to be read.
  useEffect(() => {
    if (!again) box.current?.focus();
  }, [again]);
  useHotkeys([["/", () => box.current?.focus()]]);
  return (
    <form
      className={classes.box}
      onSubmit={(event) => {
        event.preventDefault();
        ask();
      }}
    >
      <Textarea
        ref={box}
        classNames={{ input: classes.input ?? "" }}
        aria-label={t("ask.label")}
        aria-describedby="ask-help"
        placeholder={again ? t("ask.again") : t("ask.placeholder")}
        autosize
        minRows={1}
        maxRows={8}
        dir="auto"
        error={left < 0}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <AskButton ready={ready} busy={busy} />
      <Remaining left={left} />
    </form>
  );
}

function AskButton({ ready, busy }: { ready: boolean; busy: boolean }) {
  const { t } = useTranslation();
  return (
    <Tooltip label={t("ask.submit")}>
      <ActionIcon
        type="submit"
        variant="filled"
        color="beacon"
        size={32}
        className={classes.send ?? ""}
        disabled={!ready}
        aria-label={t("ask.submit")}
      >
        {busy ? <Loader size={14} color="currentColor" /> : <IconArrowUp size={18} aria-hidden />}
      </ActionIcon>
    </Tooltip>
  );
}

function Remaining({ left }: { left: number }) {
  const { t } = useTranslation();
  const near = left <= NEAR_LIMIT;
  const said = left < 0 ? t("ask.tooLong", { count: -left }) : t("ask.left", { count: left });
  return (
    <Text
      id="ask-help"
      fz="xs"
      mt={6}
      c={left < 0 ? "var(--mayak-critical)" : "dimmed"}
      className={near ? "" : (classes.keys ?? "")}
    >
      {near ? said : t("ask.keys")}
    </Text>
  );
}
