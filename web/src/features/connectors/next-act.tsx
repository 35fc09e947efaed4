import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { WordButton } from "../../components/ui";
import { useRefusal } from "../projects";
import { AcceptDialog } from "./accept-dialog";
import type { ConnectorState } from "./api";
import type { Connector } from "./place";
import { StepDoor } from "./step-door";
import type { Held, Line } from "./truth";
import { useSwitch } from "./use-changes";
import { restOf } from "./words";

interface NextActProps {
  state: ConnectorState;
  connector: Connector;
  line: Line;
  /** Deletions that wait for a word. */
  held: readonly Held[];
  /** Records that are known to be otherwise at the source. */
  differing: number;
}

/** What a person can do about the line above, as a button; nothing when nothing has to be done. */
export function NextAct({ state, connector, line, held, differing }: NextActProps) {
  const { t } = useTranslation();
  const rest = restOf(state);
  if (rest === "unconnected") {
    return <StepDoor connector={connector} tab="setup">{t("connectors.act.connect")}</StepDoor>;
  }
  if (rest === "paused") return <Enable connector={connector} />;
  if (rest === "unbound") {
    return <StepDoor connector={connector} tab="setup">{t("connectors.act.bind")}</StepDoor>;
  }
  if (line.status === "auth_failed") {
    return <StepDoor connector={connector} tab="setup">{t("connectors.act.test")}</StepDoor>;
  }
  return (
    <>
      {held.length > 0 && <Accept connector={connector} held={held} />}
      {state.open_errors + state.dead_letters > 0 && (
        <StepDoor connector={connector} tab="errors">{t("connectors.act.errors")}</StepDoor>
      )}
      {differing > 0 && (
        <StepDoor connector={connector} tab="reconciliation">{t("connectors.act.differing")}</StepDoor>
      )}
      {line.status === "stalled" && (
        <Button
          size="compact-sm"
          variant="subtle"
          color="gray"
          renderRoot={(props) => <Link to="/automation" {...props} />}
        >
          {t("connectors.act.automation")}
        </Button>
      )}
    </>
  );
}

function Enable({ connector }: { connector: Connector }) {
  const { t } = useTranslation();
  const refusal = useRefusal("manage");
  const { enable } = useSwitch(connector);
  return (
    <WordButton refusal={refusal} loading={enable.isPending} onClick={() => enable.mutate()}>
      {t("connectors.act.enable")}
    </WordButton>
  );
}

function Accept({ connector, held }: { connector: Connector; held: readonly Held[] }) {
  const { t } = useTranslation();
  const refusal = useRefusal("run");
  const [opened, dialog] = useDisclosure(false);
  return (
    <>
      <WordButton refusal={refusal} onClick={dialog.open}>
        {t("connectors.act.accept")}
      </WordButton>
      {opened && <AcceptDialog connector={connector} held={held} onClose={dialog.close} />}
    </>
  );
}
