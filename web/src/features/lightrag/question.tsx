import { Title, UnstyledButton } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import classes from "./answer.module.css";

/** Characters after which a question is shown smaller and cut to a few lines. */
const LONG_QUESTION = 240;

export function Question({ text }: { text: string }) {
  const { t } = useTranslation();
  const [whole, setWhole] = useState(false);
  if (text.length <= LONG_QUESTION) {
    return (
      <Title order={1} className={classes.question} dir="auto">
        {text}
      </Title>
    );
  }
  return (
    <>
      <Title order={1} className={classes.longQuestion} data-whole={whole || undefined} dir="auto">
        {text}
      </Title>
      <UnstyledButton className={classes.link} onClick={() => setWhole(!whole)}>
        {whole ? t("source.less") : t("common.showMore")}
      </UnstyledButton>
    </>
  );
}
