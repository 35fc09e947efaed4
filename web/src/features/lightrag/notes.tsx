import { Text } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useProject } from "../projects";
import classes from "./answer.module.css";
import { statusQuery, waiting } from "./api";

const PLAIN = [
  "embeddings_unavailable",
  "sources_gone",
  "counted_then",
  "model_unavailable",
  "sentences_dropped",
] as const;

/** What the reader must know about how this answer was found and made. */
export function Notes({ notes }: { notes: string[] }) {
  if (notes.length === 0) return null;
  return (
    <ul className={classes.notes}>
      {notes.map((note) => (
        <li key={note}>
          <IconInfoCircle size={16} aria-hidden />
          <Text component="span">
            <Note note={note} />
          </Text>
        </li>
      ))}
    </ul>
  );
}

function Note({ note }: { note: string }) {
  const { t } = useTranslation();
  const plain = PLAIN.find((known) => known === note);
  if (plain !== undefined) return t(`notes.${plain}`);
  if (note === "still_embedding") return <StillEmbedding />;
  return note.replaceAll("_", " ");
}

function StillEmbedding() {
  const { t } = useTranslation();
  const { data: status } = useQuery(statusQuery(useProject().id));
  if (!status || waiting(status) === 0) return t("notes.still_embedding");
  const ready = number(status.chunks.ready, locale());
  const total = number(status.chunks.total, locale());
  return `${t("notes.still_embedding")} ${t("notes.stillProgress", { ready, total })}`;
}
