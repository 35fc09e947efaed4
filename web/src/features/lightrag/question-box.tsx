import { ActionIcon, Text, Textarea, Tooltip } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { IconArrowUp, IconPlayerStopFilled } from "@tabler/icons-react";
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
  onStop: () => void;
  busy: boolean;
  /** True when an answer is on the page, and the box is for the next question. */
  again: boolean;
  /** True when that next question follows the answer. */
  follows: boolean;
}

export function QuestionBox({ value, onChange, onAsk, onStop, busy, again, follows }: QuestionBoxProps) {
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
  // A new question, and one that follows, start in the box; an opened answer is there to be read.
  useEffect(() => {
    if (!again || follows) box.current?.focus();
  }, [again, follows]);
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
        aria-keyshortcuts="/"
        placeholder={t(follows ? "ask.further" : again ? "ask.again" : "ask.placeholder")}
        autosize
        minRows={1}
        maxRows={8}
        dir="auto"
        error={left < 0}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      {busy ? <StopButton onStop={onStop} /> : <AskButton ready={ready} />}
      <Remaining left={left} />
    </form>
  );
}

function StopButton({ onStop }: { onStop: () => void }) {
  const { t } = useTranslation();
  return (
    <Tooltip label={t("ask.stop")}>
      <ActionIcon
        variant="default"
        size={32}
        className={classes.send ?? ""}
        aria-label={t("ask.stop")}
        onClick={onStop}
      >
        <IconPlayerStopFilled size={16} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}

function AskButton({ ready }: { ready: boolean }) {
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
        <IconArrowUp size={18} aria-hidden />
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
