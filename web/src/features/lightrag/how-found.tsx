import { Button, Text } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { excerpt } from "../../lib/spans";
import classes from "./found.module.css";
import { Kind } from "./kinds";
import type { Answer, Explain, Fused, ListName } from "./types";

const LISTS: readonly ListName[] = ["dense", "lexical", "cards", "pinned", "links"];

interface HowFoundProps {
  answer: Answer;
  onExplain: () => void;
}

/** How the answer was found: what each list of the search thought of each fragment. */
export function HowFound({ answer, onExplain }: HowFoundProps) {
  const { t } = useTranslation();
  const { explain } = answer;
  return (
    <details className={classes.found}>
      <summary>{t("found.title")}</summary>
      {explain === null ? (
        <div className={classes.unkept}>
          <Text c="dimmed">{t("found.unkept")}</Text>
          <Button size="xs" variant="default" leftSection={<IconRefresh size={14} aria-hidden />} onClick={onExplain}>
            {t("found.again")}
          </Button>
        </div>
      ) : (
        <Ranks explain={explain} />
      )}
    </details>
  );
}

function Ranks({ explain: { fused, settings } }: { explain: Explain }) {
  const { t } = useTranslation();
  const shown = LISTS.filter((list) => fused.some(({ ranks }) => ranks[list] != null));
  if (fused.length === 0) return <Text c="dimmed">{t("found.nothing")}</Text>;
  return (
    <>
      <Text fz="xs" c="dimmed" mb={6}>
        {t("found.hint")}
      </Text>
      <div className={classes.scroll} tabIndex={0} role="region" aria-label={t("found.title")}>
        <table className={classes.ranks}>
          <thead>
            <tr>
              <th scope="col" data-figure>#</th>
              <th scope="col">{t("found.fragment")}</th>
              {shown.map((list) => (
                <th key={list} scope="col" data-figure title={t(`found.${list}Means`)}>
                  {t(`found.${list}`)}
                </th>
              ))}
              <th scope="col" data-figure>{t("found.score")}</th>
            </tr>
          </thead>
          <tbody>
            {fused.map((one, at) => (
              <FusedRow key={one.chunk_id} one={one} place={at + 1} lists={shown} />
            ))}
          </tbody>
        </table>
      </div>
      <Settings settings={settings} />
    </>
  );
}

const SHOWN = 160;

function FusedRow({ one, place, lists }: { one: Fused; place: number; lists: readonly ListName[] }) {
  const { to } = excerpt(one.text, null, SHOWN);
  return (
    <tr>
      <td data-figure>{place}</td>
      <td dir="auto">
        <Text component="span" fz="xs" c="dimmed" className={classes.of}>
          <Kind type={one.document_type} />
          {one.title !== null && (
            <>
              {" · "}
              <bdi>{one.title}</bdi>
            </>
          )}
        </Text>
        {to < one.text.length ? `${one.text.slice(0, to)}…` : one.text}
      </td>
      {lists.map((list) => (
        <td key={list} data-figure>
          {one.ranks[list] ?? "—"}
        </td>
      ))}
      <td data-figure>{one.score.toFixed(4)}</td>
    </tr>
  );
}

function Settings({ settings }: { settings: Explain["settings"] }) {
  const { t } = useTranslation();
  const said = Object.entries(settings).map(
    ([name, value]) => `${name} = ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  if (said.length === 0) return null;
  return (
    <Text fz="xs" c="dimmed" mt={6}>
      {t("found.settings")} {said.join(" · ")}
    </Text>
  );
}
