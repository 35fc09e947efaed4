import { Text } from "@mantine/core";
import { IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { Moment, Said, State } from "../../components/ui";
import { duration, number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import type { Test } from "./api";
import classes from "./connectors.module.css";
import { streamName } from "./words";

/** What a credential turned out to be: who it is, what it may not do, and what it shows. */
export function TestOutcome({ test }: { test: Test }) {
  const { t } = useTranslation();
  return (
    <section className={classes.outcome} aria-live="polite">
      <State hue={test.ok ? "good" : "critical"} Icon={test.ok ? IconCircleCheck : IconCircleX}>
        <Text component="span" fw={600}>
          {t(test.ok ? "connectors.setup.works" : "connectors.setup.worksNot")}
        </Text>{" "}
        <Text component="span" c="dimmed">
          {t("connectors.setup.cost", { time: duration(test.cost_ms, locale()) })}
        </Text>
      </State>
      {test.error !== null && (
        <>
          <Text mt={8}>
            <Said>{test.error.message}</Said>
          </Text>
          <Text c="dimmed">
            <Said>{test.error.next_step}</Said>
          </Text>
        </>
      )}
      {test.account_name !== null && <Seen test={test} />}
    </section>
  );
}

function Seen({ test }: { test: Test }) {
  const { t } = useTranslation();
  const missing = Object.entries(test.missing);
  const unseen = test.coverage.filter(({ seen }) => !seen);
  return (
    <dl>
      <Fact label={t("connectors.setup.who")}>
        <Said>{[test.account_name, test.user, test.role].filter((one) => one !== null).join(" · ")}</Said>
      </Fact>
      {missing.length > 0 && (
        <Fact label={t("connectors.setup.missing")}>
          <ul>
            {missing.map(([stream, permission]) => (
              <li key={stream}>
                {t("connectors.setup.missingOne", { stream: streamName(t, stream), permission })}
              </li>
            ))}
          </ul>
        </Fact>
      )}
      <Fact label={t("connectors.setup.parts")}>
        {test.parts_count === null
          ? t("connectors.setup.partsUnknown")
          : number(test.parts_count, locale())}
      </Fact>
      {test.coverage.length > 0 && (
        <Fact label={t("connectors.setup.covers")}>
          {number(test.coverage.length - unseen.length, locale())} / {number(test.coverage.length, locale())}
          {unseen.length > 0 && (
            <Text c="var(--mayak-risk)">
              {t("connectors.setup.coversNot", {
                parts: unseen.map(({ name, external_id }) => name ?? external_id).join(", "),
              })}
            </Text>
          )}
        </Fact>
      )}
      <Fact label={t("connectors.setup.sample")}>
        <Sample test={test} />
      </Fact>
    </dl>
  );
}

function Sample({ test }: { test: Test }) {
  const { t } = useTranslation();
  if (test.sample.length === 0) return t("connectors.setup.sampleNone");
  return (
    <ul>
      {test.sample.map(({ stream, title, at }, index) => (
        <li key={index}>
          {streamName(t, stream)}: <Said>{title}</Said>
          {at !== null && (
            <>
              {" · "}
              <Moment at={at} />
            </>
          )}
        </li>
      ))}
    </ul>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </>
  );
}
