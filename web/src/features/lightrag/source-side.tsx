import { Drawer } from "@mantine/core";
import { useHotkeys, useMediaQuery } from "@mantine/hooks";
import { useTranslation } from "react-i18next";

import classes from "./ask.module.css";
import { isKind } from "./kinds";
import type { Place } from "./place";
import { SourcePane, type Target } from "./source-pane";
import type { Citation } from "./types";

interface SourceSideProps {
  citations: Citation[];
  place: Place;
  onOpen: (index: number) => void;
  onRecord: (type: string, id: string) => void;
  onClose: () => void;
}

/** The source beside the answer where there is room, else over it. */
export function SourceSide({ citations, place, onOpen, onRecord, onClose }: SourceSideProps) {
  const { t } = useTranslation();
  const wide = useMediaQuery("(min-width: 75em)", false, { getInitialValueInEffect: false });
  const phone = useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false });
  const target = targetOf(place, citations);

  const close = () => {
    onClose();
    // The reader goes on from where the source was opened.
    document.querySelector<HTMLElement>(doorTo(place))?.focus();
  };
  // An open menu or dialog takes Escape for itself; the drawer is one.
  const escape = () => {
    if (document.activeElement?.closest("[role=dialog],[role=menu]") === null) close();
  };
  useHotkeys(target && wide ? [["Escape", escape]] : []);
  if (target === null) return null;

  const indexes = citations.map((each) => each.index);
  const pane = (
    <SourcePane target={target} indexes={indexes} onOpen={onOpen} onRecord={onRecord} onClose={close} />
  );
  if (wide) {
    return (
      <aside className={classes.aside} aria-label={t("source.title")}>
        {pane}
      </aside>
    );
  }
  return (
    <Drawer
      opened
      onClose={close}
      position={phone ? "bottom" : "right"}
      size={phone ? "100%" : 460}
      withCloseButton={false}
      padding={0}
      attributes={{ content: { "aria-label": t("source.title") } }}
    >
      {pane}
    </Drawer>
  );
}

const doorTo = ({ source, record }: Place) =>
  source !== undefined ? `[data-citation="${source}"]` : `[data-record="${CSS.escape(record ?? "")}"]`;

/** What the address asks to see; null when it is nothing, or nothing of this answer. */
function targetOf({ source, record }: Place, citations: Citation[]): Target | null {
  if (source !== undefined) {
    const citation = citations.find((each) => each.index === source);
    return citation === undefined ? null : { key: citation, citation };
  }
  if (record === undefined) return null;
  const [type = "", ...id] = record.split(":");
  if (!isKind(type)) return null;
  return { key: { source_type: type, external_id: id.join(":") }, citation: null };
}
