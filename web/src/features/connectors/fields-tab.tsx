import { Group, Select, Text } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { ProblemNote, WordButton } from "../../components/ui";
import page from "../../components/ui/page.module.css";
import { connectors } from "../../lib/i18n/en-connectors";
import { visible } from "../../lib/visible";
import { useProject, useRefusal } from "../projects";
import { type FieldMapping, mappingQuery, type ObjectMapping } from "./api";
import classes from "./connectors.module.css";
import type { Connector } from "./place";
import { useMap } from "./use-changes";
import { TITLES } from "./words";

/** By object and field: the id of the attribute, or null for what is to be found by its name. */
type Draft = Record<string, Record<string, string | null>>;

/** Which attribute of Attio each of our fields is read from. */
export function FieldsTab({ connector }: { connector: Connector }) {
  const { t } = useTranslation();
  if (connector === "attio") return <Mapping />;
  return <Text c="dimmed">{t("connectors.fields.only", { name: TITLES[connector] })}</Text>;
}

function Mapping() {
  const { t } = useTranslation();
  const { data: objects } = useSuspenseQuery(mappingQuery(useProject().id));
  const refusal = useRefusal("manage");
  const [draft, setDraft] = useState<Draft>({});
  const map = useMap();
  const known = objects.some(({ fields }) => fields.some(({ candidates }) => candidates.length > 0));
  if (!known) return <NotKnown />;
  const twice = objects.some((object) => isTwice(object, draft));
  const dirty = Object.keys(draft).length > 0;
  const choose = (object: string, field: string, id: string | null) => {
    map.reset();
    setDraft({ ...draft, [object]: { ...draft[object], [field]: id } });
  };
  const locked = !dirty ? t("connectors.setup.unchanged") : twice ? t("connectors.fields.twice") : null;
  return (
    <>
      <Text c="dimmed" mb="md">
        {t("connectors.fields.hint")}
      </Text>
      {objects.map((object) => (
        <ObjectFields key={object.object} object={object} draft={draft} refused={refusal !== null} onChoose={choose} />
      ))}
      {map.error && <ProblemNote error={map.error} title={t("connectors.fields.failed")} />}
      {twice && <Text role="alert">{t("connectors.fields.twice")}</Text>}
      <Group gap="sm" mt="md">
        <WordButton
          size="sm"
          variant="filled"
          refusal={refusal ?? locked}
          loading={map.isPending}
          onClick={() => map.mutate(told(objects, draft), { onSuccess: () => setDraft({}) })}
        >
          {t("connectors.fields.save")}
        </WordButton>
        {dirty && (
          <WordButton size="sm" variant="subtle" color="gray" refusal={null} onClick={() => setDraft({})}>
            {t("connectors.setup.reset")}
          </WordButton>
        )}
      </Group>
    </>
  );
}

function NotKnown() {
  const { t } = useTranslation();
  return (
    <div className={page.empty}>
      <Text fw={600}>{t("connectors.fields.first")}</Text>
      <Text c="dimmed">{t("connectors.fields.firstHint")}</Text>
    </div>
  );
}

/** What a person has chosen: what the server knows, with what was changed here. */
function chosenOf(object: ObjectMapping, field: FieldMapping, draft: Draft): string | null {
  const changed = draft[object.object]?.[field.field];
  if (changed !== undefined) return changed;
  return field.chosen_by === "person" ? (field.attribute?.id ?? null) : null;
}

function isTwice(object: ObjectMapping, draft: Draft): boolean {
  const ids = object.fields.map((field) => chosenOf(object, field, draft)).filter((id) => id !== null);
  return new Set(ids).size < ids.length;
}

/** Only what a person chose is told; the rest is found by its name. */
function told(objects: readonly ObjectMapping[], draft: Draft): Record<string, Record<string, string>> {
  const all: Record<string, Record<string, string>> = {};
  for (const object of objects) {
    const chosen: Record<string, string> = {};
    for (const field of object.fields) {
      const id = chosenOf(object, field, draft);
      if (id !== null) chosen[field.field] = id;
    }
    if (Object.keys(chosen).length > 0) all[object.object] = chosen;
  }
  return all;
}

interface ObjectFieldsProps {
  object: ObjectMapping;
  draft: Draft;
  refused: boolean;
  onChoose: (object: string, field: string, id: string | null) => void;
}

const isObject = (name: string): name is keyof typeof connectors.fields.object =>
  Object.hasOwn(connectors.fields.object, name);
const isField = (name: string): name is keyof typeof connectors.fields.names =>
  Object.hasOwn(connectors.fields.names, name);

function ObjectFields({ object, draft, refused, onChoose }: ObjectFieldsProps) {
  const { t } = useTranslation();
  const name = isObject(object.object) ? t(`connectors.fields.object.${object.object}`) : object.object;
  return (
    <section className={page.section} aria-label={name}>
      <h2>{name}</h2>
      <table className={`${page.table} ${classes.mapping}`}>
        <thead>
          <tr>
            <th scope="col">{t("connectors.fields.field")}</th>
            <th scope="col">{t("connectors.fields.attribute")}</th>
            <th scope="col">{t("connectors.fields.by")}</th>
          </tr>
        </thead>
        <tbody>
          {object.fields.map((field) => (
            <FieldRow
              key={field.field}
              field={field}
              chosen={chosenOf(object, field, draft)}
              changed={draft[object.object]?.[field.field] !== undefined}
              refused={refused}
              onChoose={(id) => onChoose(object.object, field.field, id)}
            />
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface FieldRowProps {
  field: FieldMapping;
  chosen: string | null;
  changed: boolean;
  refused: boolean;
  onChoose: (id: string | null) => void;
}

function FieldRow({ field, chosen, changed, refused, onChoose }: FieldRowProps) {
  const { t } = useTranslation();
  const name = isField(field.field) ? t(`connectors.fields.names.${field.field}`) : field.field;
  const gone = !changed && field.chosen_by === "person" && field.attribute === null;
  const found = field.chosen_by === "name" ? field.attribute : null;
  return (
    <tr>
      <td className={page.lead}>{name}</td>
      <td className={page.whole}>
        <Select
          aria-label={name}
          placeholder={found === null ? t("connectors.fields.none") : visible(found.title)}
          disabled={refused}
          clearable
          searchable={field.candidates.length > 10}
          value={chosen}
          error={gone && t("connectors.fields.gone")}
          onChange={onChoose}
          data={field.candidates.map(({ id, title, slug }) => ({
            value: id,
            label: `${visible(title)} (${visible(slug)})`,
          }))}
        />
      </td>
      <td>
        {chosen !== null && t("connectors.fields.person")}
        {chosen === null && found !== null && t("connectors.fields.name")}
        {chosen === null && found === null && (
          <Text component="span" c="dimmed">
            {t(field.chosen_by === "person" ? "connectors.fields.auto" : "connectors.fields.none")}
          </Text>
        )}
      </td>
    </tr>
  );
}
