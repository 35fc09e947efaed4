import { useTranslation } from "react-i18next";

import { Boundary, Lines } from "../../components/ui";
import { useRefusal } from "../projects";
import type { ConnectorState } from "./api";
import { BindingSteps, BoundList } from "./binding-steps";
import { CredentialStep } from "./credential-step";
import type { Connector } from "./place";
import { Step } from "./step";

interface SetupProps {
  state: ConnectorState;
  connector: Connector;
}

/** From a credential to what belongs to the project, in three steps. */
export function SetupTab({ state, connector }: SetupProps) {
  const { t } = useTranslation();
  const refusal = useRefusal("manage");
  return (
    <>
      <Step number={1} title={t("connectors.setup.credential")}>
        <CredentialStep state={state} connector={connector} />
      </Step>
      {refusal === null ? (
        <BindingSteps state={state} connector={connector} />
      ) : (
        <Step number={3} title={t("connectors.setup.belongs")}>
          <Boundary skeleton={<Lines widths={[60, 40]} />}>
            <BoundList connector={connector} />
          </Boundary>
        </Step>
      )}
    </>
  );
}
