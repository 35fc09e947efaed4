import { Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { Confirm, Moment, Said, sayDone, WordButton } from "../../components/ui";
import { number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useRefusal } from "../projects";
import { useSwitchBack } from "./api";
import classes from "./data-panel.module.css";
import type { EmbeddingSet, Status } from "./types";

export function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <Text component="h3" fz="xs" fw={600} c="dimmed" mb={4}>
        {title}
      </Text>
      {children}
    </section>
  );
}

/** What searches and what writes: the models, and the sets of vectors they have made. */
export function Model({ status }: { status: Status }) {
  const { t } = useTranslation();
  const { embedding, index, answers, sets } = status;
  return (
    <Part title={t("data.model")}>
      <Text fz="xs" c="dimmed">
        <Said>{embedding.model}</Said> · {t(`data.index.${index.path}`)} ·{" "}
        {answers.composed_by === null ? t("data.quotesOnly") : `${t("data.composedBy")} ${answers.composed_by}`}
      </Text>
      {sets.length > 1 && (
        <>
          <ul className={classes.sets}>
            {sets.map((set) => (
              <SetLine key={set.id} set={set} />
            ))}
          </ul>
          <SwitchBack sets={sets} />
        </>
      )}
    </Part>
  );
}

const SET_STATES = ["building", "active", "previous", "retired"] as const;

function SetLine({ set }: { set: EmbeddingSet }) {
  const { t } = useTranslation();
  const known = SET_STATES.find((state) => state === set.status);
  return (
    <li>
      <Text component="span" fw={set.status === "active" ? 600 : 400}>
        <Said>{set.model}</Said>
      </Text>
      <Text component="span" fz="xs" c="dimmed">
        {known === undefined ? set.status : t(`data.set.${known}`)} ·{" "}
        {t("data.vectors", { vectors: number(set.vectors, locale()), wanted: number(set.wanted, locale()) })}
        {set.rejected_at !== null && (
          <>
            {" · "}
            {t("data.rejected")} <Moment at={set.rejected_at} />
          </>
        )}
      </Text>
    </li>
  );
}

/** Search with the model before this one again. It has its vectors still, so it is at once. */
function SwitchBack({ sets }: { sets: EmbeddingSet[] }) {
  const { t } = useTranslation();
  const refusal = useRefusal("manage");
  const [opened, dialog] = useDisclosure(false);
  const back = useSwitchBack();
  const before = sets.find(({ status }) => status === "previous");
  if (before === undefined) return null;
  const submit = () =>
    back.mutate(undefined, {
      onSuccess: () => {
        dialog.close();
        sayDone(t("data.switched", { model: before.model }));
      },
    });
  return (
    <>
      <WordButton refusal={refusal} onClick={dialog.open}>
        {t("data.switchBack", { model: before.model })}
      </WordButton>
      {opened && (
        <Confirm
          title={t("data.switchBack", { model: before.model })}
          submit={t("data.switchSubmit")}
          busy={back.isPending}
          error={back.error}
          onSubmit={submit}
          onClose={dialog.close}
        >
          <Text>{t("data.switchHint")}</Text>
        </Confirm>
      )}
    </>
  );
}
