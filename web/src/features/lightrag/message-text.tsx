import { UnstyledButton } from "@mantine/core";
import { type Ref, useState } from "react";
import { useTranslation } from "react-i18next";

import { characters, excerpt, type Span } from "../../lib/spans";
import classes from "./source.module.css";

/** UTF-16 units of one message that are shown before it is opened whole. */
const SHOWN = 800;

interface MessageTextProps {
  text: string;
  /** The quoted part, or null. */
  quote: Span | null;
  quoteRef?: Ref<HTMLElement>;
}

/** Customer text: always text, never HTML; long ones cut around the quote. */
export function MessageText({ text, quote, quoteRef }: MessageTextProps) {
  const { t } = useTranslation();
  const [whole, setWhole] = useState(false);
  const shown = whole ? { from: 0, to: text.length } : excerpt(text, quote, SHOWN);
  const cut = shown.from > 0 || shown.to < text.length;
  return (
    <>
      <div className={classes.text} dir="auto">
        {shown.from > 0 && "… "}
        {quote === null ? (
          text.slice(shown.from, shown.to)
        ) : (
          <>
            {text.slice(shown.from, quote.from)}
            <mark ref={quoteRef} className={classes.mark}>
              {text.slice(quote.from, quote.to)}
            </mark>
            {text.slice(quote.to, shown.to)}
          </>
        )}
        {shown.to < text.length && " …"}
      </div>
      {(cut || whole) && (
        <UnstyledButton className={classes.more} onClick={() => setWhole(!whole)}>
          {whole ? t("source.less") : t("source.whole", { count: characters(text) })}
        </UnstyledButton>
      )}
    </>
  );
}
