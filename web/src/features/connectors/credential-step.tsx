import { Group, PasswordInput, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import { problemOf } from "../../api/problem";
import { Confirm, Moment, ProblemNote, WordButton } from "../../components/ui";
import { useRefusal } from "../projects";
import type { ConnectorState } from "./api";
import classes from "./connectors.module.css";
import type { Connector } from "./place";
import { TestOutcome } from "./test-outcome";
import { type Offer, useConnect, useDisconnect, useTest } from "./use-changes";

interface CredentialProps {
  state: ConnectorState;
  connector: Connector;
}

/** What to reach the service with, and a look at what it sees. The secret only ever goes in. */
export function CredentialStep({ state, connector }: CredentialProps) {
  const { t } = useTranslation();
  const refusal = useRefusal("manage");
  const [offer, setOffer] = useState<Offer>({
    base_url: state.base_url ?? "",
    account: state.account ?? "",
    secret: "",
  });
  const test = useTest(connector);
  const connect = useConnect(connector);
  const edit = (fields: Partial<Offer>) => {
    test.reset();
    connect.reset();
    setOffer({ ...offer, ...fields });
  };
  const save = (force: boolean) =>
    connect.mutate({ ...offer, force }, { onSuccess: () => setOffer({ ...offer, secret: "" }) });
  const typed = offer.secret !== "";
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (refusal === null && typed) save(false);
  };
  return (
    <form onSubmit={submit} autoComplete="off">
      <Have state={state} />
      <Fields connector={connector} offer={offer} onEdit={edit} locked={refusal !== null} />
      <Group gap="sm" mt="md">
        <WordButton
          size="sm"
          refusal={refusal ?? (typed || state.configured ? null : t("connectors.explain.unconnected"))}
          loading={test.isPending}
          onClick={() => test.mutate(asked(offer, state))}
        >
          {t(typed || !state.configured ? "connectors.setup.test" : "connectors.setup.testAgain")}
        </WordButton>
        {typed && <Save refusal={refusal} busy={connect.isPending} onSave={() => save(false)} />}
        {state.own && <Forget connector={connector} name={state.title} />}
      </Group>
      {connect.error && <NotStored error={connect.error} onForce={() => save(true)} />}
      {test.error && <NotTested error={test.error} />}
      {test.data && <TestOutcome test={test.data} />}
    </form>
  );
}

interface SaveProps {
  refusal: string | null;
  busy: boolean;
  onSave: () => void;
}

function Save({ refusal, busy, onSave }: SaveProps) {
  const { t } = useTranslation();
  return (
    <WordButton size="sm" variant="filled" refusal={refusal} loading={busy} onClick={onSave}>
      {t("connectors.setup.save")}
    </WordButton>
  );
}

function NotTested({ error }: { error: unknown }) {
  const { t } = useTranslation();
  return (
    <div className={classes.outcome}>
      <ProblemNote error={error} title={t("connectors.setup.testFailed")} />
    </div>
  );
}

/** What to test: without a secret it is what is stored, with what else was changed beside it. */
function asked(offer: Offer, state: ConnectorState): Offer {
  if (offer.secret !== "") return offer;
  return {
    secret: "",
    base_url: offer.base_url === (state.base_url ?? "") ? "" : offer.base_url,
    account: offer.account === (state.account ?? "") ? "" : offer.account,
  };
}

function Have({ state }: { state: ConnectorState }) {
  const { t } = useTranslation();
  if (!state.configured) return <Text c="dimmed">{t("connectors.explain.unconnected")}</Text>;
  return (
    <Text c="dimmed">
      {t(state.own ? "connectors.setup.stored" : "connectors.setup.storedShared")}
      {state.tested_at !== null && (
        <>
          {" "}
          {t("connectors.setup.tested")} <Moment at={state.tested_at} />.
        </>
      )}
    </Text>
  );
}

interface FieldsProps {
  connector: Connector;
  offer: Offer;
  locked: boolean;
  onEdit: (fields: Partial<Offer>) => void;
}

function Fields({ connector, offer, locked, onEdit }: FieldsProps) {
  const { t } = useTranslation();
  return (
    <div className={classes.fields}>
      {connector === "chatwoot" && (
        <>
          <TextInput
            type="url"
            label={t("connectors.setup.address")}
            description={t("connectors.setup.addressHint")}
            maxLength={500}
            disabled={locked}
            value={offer.base_url}
            onChange={({ currentTarget }) => onEdit({ base_url: currentTarget.value })}
          />
          <TextInput
            inputMode="numeric"
            label={t("connectors.setup.account")}
            description={t("connectors.setup.accountHint")}
            maxLength={20}
            disabled={locked}
            value={offer.account}
            onChange={({ currentTarget }) => onEdit({ account: currentTarget.value })}
          />
        </>
      )}
      <PasswordInput
        label={t(`connectors.setup.secret.${connector}`)}
        description={`${t(`connectors.setup.secretHint.${connector}`)} ${t("connectors.setup.sealed")}`}
        // Neither kept by the browser nor filled in by it: it belongs to a service, not to a person.
        autoComplete="new-password"
        spellCheck={false}
        maxLength={1000}
        disabled={locked}
        visibilityToggleButtonProps={{ "aria-label": t("login.reveal") }}
        value={offer.secret}
        onChange={({ currentTarget }) => onEdit({ secret: currentTarget.value })}
      />
    </div>
  );
}

/** A refusal; when only the test failed, it can be stored all the same. */
function NotStored({ error, onForce }: { error: unknown; onForce: () => void }) {
  const { t } = useTranslation();
  const failed = problemOf(error).code === "connection_failed";
  return (
    <div className={classes.outcome}>
      <ProblemNote error={error} title={t("connectors.setup.saveFailed")} />
      {failed && (
        <Group gap="sm" mt="sm">
          <WordButton refusal={null} onClick={onForce}>
            {t("connectors.setup.force")}
          </WordButton>
          <Text fz="xs" c="dimmed">
            {t("connectors.setup.forceHint")}
          </Text>
        </Group>
      )}
    </div>
  );
}

function Forget({ connector, name }: { connector: Connector; name: string }) {
  const { t } = useTranslation();
  const refusal = useRefusal("manage");
  const disconnect = useDisconnect(connector);
  const [opened, dialog] = useDisclosure(false);
  return (
    <>
      <WordButton
        size="sm"
        variant="subtle"
        color="gray"
        hint={t("connectors.setup.forgetHint")}
        refusal={refusal}
        onClick={dialog.open}
      >
        {t("connectors.setup.forget")}
      </WordButton>
      {opened && (
        <Confirm
          title={t("connectors.setup.forget")}
          submit={t("connectors.setup.forget")}
          grave
          busy={disconnect.isPending}
          error={disconnect.error}
          onSubmit={() => disconnect.mutate(undefined, { onSuccess: dialog.close })}
          onClose={dialog.close}
        >
          <Text>{t("connectors.setup.forgetSure", { name })}</Text>
        </Confirm>
      )}
    </>
  );
}
