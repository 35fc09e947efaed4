import { useTranslation } from "react-i18next";

type Kind = "contact" | "agent" | "bot";

interface Authored {
  author: string | null;
  author_kind: Kind | null;
}

/** Who wrote it: the name, or at least which side of the conversation. */
export function useAuthor({ author, author_kind }: Authored): string {
  const { t } = useTranslation();
  if (author) return author;
  return author_kind === null ? t("source.unknownAuthor") : t(`source.${author_kind}`);
}
