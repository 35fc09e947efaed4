import { Button } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { excerpt } from "../../lib/spans";
import { visible } from "../../lib/visible";
import classes from "./ui.module.css";

const FIRST = 20_000;

/** Something as it is stored, as text and nothing else; of what is very long, the beginning first. */
export function Stored({ value, label }: { value: unknown; label: string }) {
  const { t } = useTranslation();
  const [whole, setWhole] = useState(false);
  const text = JSON.stringify(value, null, 2);
  const { to } = excerpt(text, null, FIRST);
  const cut = !whole && to < text.length;
  return (
    <>
      <pre className={classes.stored} tabIndex={0} role="region" aria-label={label}>
        {visible(cut ? text.slice(0, to) : text)}
      </pre>
      {cut && (
        <Button size="compact-xs" variant="default" mt={6} onClick={() => setWhole(true)}>
          {t("common.showMore")}
        </Button>
      )}
    </>
  );
}
