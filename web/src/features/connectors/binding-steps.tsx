import { CloseButton, Checkbox, Group, Switch, Text } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Boundary, Lines, ProblemNote, Said, WordButton } from "../../components/ui";
import { isolated } from "../../lib/visible";
import { useProject } from "../projects";
import { bindingsQuery, type ConnectorState, partsQuery } from "./api";
import { type Draft, draftOf, keyOf, losses, type Losses, same, toggled, wanted } from "./binding-draft";
import classes from "./connectors.module.css";
import { PartList } from "./part-list";
import type { Connector } from "./place";
import { Step } from "./step";
import { useBind } from "./use-changes";

interface BindingProps {
  state: ConnectorState;
  connector: Connector;
}

/** What the credential sees, and what of it belongs to this project. */
export function BindingSteps({ state, connector }: BindingProps) {
  const { t } = useTranslation();
  if (!state.configured) {
    return (
      <Step number={2} title={t("connectors.setup.see")}>
        <Text c="dimmed">{t("connectors.setup.partsFirst", { name: state.title })}</Text>
      </Step>
    );
  }
  return (
    <Boundary skeleton={<Lines widths={[40, 100, 100, 100]} />}>
      <Choosing state={state} connector={connector} />
    </Boundary>
  );
}

function Choosing({ state, connector }: BindingProps) {
  const { t } = useTranslation();
  const { data: bound } = useSuspenseQuery(bindingsQuery(useProject().id, connector));
  const { data: parts } = useQuery(partsQuery(useProject().id, connector, ""));
  const before = draftOf(bound, parts);
  // Null until something is changed: until then it is whatever the server says.
  const [changed, setChanged] = useState<Draft | null>(null);
  const draft = changed ?? before;
  const change = (next: Draft) => setChanged(same(before, next) ? null : next);
  return (
    <>
      <Step number={2} title={t("connectors.setup.see")}>
        <PartList
          connector={connector}
          name={state.title}
          draft={draft}
          onToggle={(part) => change(toggled(draft, part))}
        />
      </Step>
      <Step number={3} title={t("connectors.setup.belongs")}>
        <Whole connector={connector} draft={draft} onChange={change} />
        <ChosenParts draft={draft} onChange={change} />
        <Saving
          key={String(changed === null)}
          state={state}
          connector={connector}
          draft={draft}
          lost={losses(before, draft)}
          dirty={changed !== null}
          onDone={() => setChanged(null)}
        />
      </Step>
    </>
  );
}

interface DraftProps {
  draft: Draft;
  onChange: (draft: Draft) => void;
}

function Whole({ connector, draft, onChange }: DraftProps & { connector: Connector }) {
  const { t } = useTranslation();
  const { data: parts } = useQuery(partsQuery(useProject().id, connector, ""));
  const taken = parts?.some((part) => part.kind === "account" && part.bound === "elsewhere") === true;
  return (
    <Switch
      mt={8}
      label={t("connectors.setup.whole")}
      description={t(taken ? "connectors.setup.wholeTaken" : "connectors.setup.wholeHint")}
      disabled={taken && !draft.whole}
      checked={draft.whole}
      onChange={({ currentTarget }) => onChange({ ...draft, whole: currentTarget.checked })}
    />
  );
}

function ChosenParts({ draft, onChange }: DraftProps) {
  const { t } = useTranslation();
  if (draft.whole) return null;
  if (draft.parts.length === 0) return <Text mt={12}>{t("connectors.setup.none")}</Text>;
  return (
    <>
      <Text mt={12}>{t("connectors.setup.chosen", { count: draft.parts.length })}</Text>
      <ul className={classes.chosen}>
        {draft.parts.map((part) => (
          <li key={keyOf(part)}>
            <span>
              <Said>{part.name}</Said>{" "}
              <span className={classes.kind}>{t(`connectors.setup.kind.${part.kind}`)}</span>
            </span>
            <CloseButton
              size="sm"
              aria-label={t("connectors.setup.remove", { name: isolated(part.name) })}
              onClick={() => onChange(toggled(draft, part))}
            />
          </li>
        ))}
      </ul>
    </>
  );
}

interface SavingProps extends BindingProps {
  draft: Draft;
  lost: Losses;
  dirty: boolean;
  onDone: () => void;
}

/** What is taken away is said, and has to be confirmed: it will be deleted here. */
function Saving({ state, connector, draft, lost, dirty, onDone }: SavingProps) {
  const { t } = useTranslation();
  const [sure, setSure] = useState(false);
  const bind = useBind(connector);
  const loses = dirty && (lost.whole || lost.parts.length > 0);
  const locked = !dirty ? t("connectors.setup.unchanged") : loses && !sure ? t("connectors.setup.confirmFirst") : null;
  return (
    <>
      {loses && (
        <div className={classes.warning} role="alert">
          <Losing state={state} lost={lost} />
          <Checkbox
            label={t("connectors.setup.confirm")}
            checked={sure}
            onChange={({ currentTarget }) => setSure(currentTarget.checked)}
          />
        </div>
      )}
      {bind.error && (
        <div className={classes.outcome}>
          <ProblemNote error={bind.error} title={t("connectors.setup.applyFailed")} />
        </div>
      )}
      <Group gap="sm" mt="md">
        <WordButton
          size="sm"
          variant="filled"
          refusal={locked}
          loading={bind.isPending}
          onClick={() => bind.mutate(wanted(connector, draft), { onSuccess: onDone })}
        >
          {t("connectors.setup.apply")}
        </WordButton>
        {dirty && (
          <WordButton size="sm" variant="subtle" color="gray" refusal={null} onClick={onDone}>
            {t("connectors.setup.reset")}
          </WordButton>
        )}
      </Group>
    </>
  );
}

function Losing({ state, lost }: { state: ConnectorState; lost: Losses }) {
  const { t } = useTranslation();
  if (lost.whole) {
    const rows = t("data.rows", { count: state.rows });
    return <Text mb={8}>{t("connectors.setup.warningAll", { name: state.title, rows })}</Text>;
  }
  return (
    <>
      <Text fw={600}>{t("connectors.setup.taken")}</Text>
      <ul>
        {lost.parts.map((part) => (
          <li key={keyOf(part)}>
            <Said>{part.name}</Said>
          </li>
        ))}
      </ul>
      <Text mb={8}>{t("connectors.setup.warning", { count: lost.parts.length })}</Text>
    </>
  );
}

/** The same for those who may only look. */
export function BoundList({ connector }: { connector: Connector }) {
  const { t } = useTranslation();
  const { data: bound } = useSuspenseQuery(bindingsQuery(useProject().id, connector));
  const { whole, parts } = draftOf(bound);
  if (whole) return <Text>{t("connectors.setup.whole")}</Text>;
  if (parts.length === 0) return <Text>{t("connector.unbound")}</Text>;
  return (
    <ul>
      {parts.map((part) => (
        <li key={keyOf(part)}>
          <Said>{part.name}</Said> ({t(`connectors.setup.kind.${part.kind}`)})
        </li>
      ))}
    </ul>
  );
}
