import { Drawer } from "@mantine/core";
import { useHotkeys, useMediaQuery } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { useProject } from "../projects";
import { answerQuery } from "./api";
import classes from "./ask.module.css";
import { SourcePane } from "./source-pane";

interface SourceSideProps {
  answerId: string;
  index: number | null;
  onOpen: (index: number) => void;
  onClose: () => void;
}

/** The source beside the answer where there is room, else over it. */
export function SourceSide({ answerId, index, onOpen, onClose }: SourceSideProps) {
  const { t } = useTranslation();
  const wide = useMediaQuery("(min-width: 75em)", false, { getInitialValueInEffect: false });
  const phone = useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false });
  const { data: answer } = useQuery(answerQuery(useProject().id, answerId));
  const citation = answer?.citations.find((each) => each.index === index);

  const close = () => {
    onClose();
    // The reader goes on from the marker that was pressed.
    document.querySelector<HTMLElement>(`[data-citation="${index ?? 0}"]`)?.focus();
  };
  // An open menu or dialog takes Escape for itself; the drawer is one.
  const escape = () => {
    if (document.activeElement?.closest("[role=dialog],[role=menu]") === null) close();
  };
  useHotkeys(citation && wide ? [["Escape", escape]] : []);
  if (!answer || !citation) return null;

  const indexes = answer.citations.map((each) => each.index);
  const pane = (
    <SourcePane citation={citation} indexes={indexes} onOpen={onOpen} onClose={close} />
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
