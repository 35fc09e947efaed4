import { ActionIcon, Button, Text, Tooltip } from "@mantine/core";
import { IconChevronDown, IconChevronUp, IconExternalLink, IconX } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { ApiError } from "../../api/problem";
import { Boundary, Lines, Moment, ProblemNote } from "../../components/ui";
import { safeUrl } from "../../lib/safe-url";
import { useProject } from "../projects";
import { type Citation, type Source, sourceQuery } from "./api";
import { SourceMessage } from "./source-message";
import classes from "./source.module.css";

interface SourcePaneProps {
  citation: Citation;
  /** How many citations the answer has; they are numbered from 1. */
  indexes: number[];
  onOpen: (index: number) => void;
  onClose: () => void;
}

/** The conversation behind one citation, opened at its quote. */
export function SourcePane({ citation, indexes, onOpen, onClose }: SourcePaneProps) {
  return (
    <div className={classes.pane}>
      <Head citation={citation} indexes={indexes} onOpen={onOpen} onClose={onClose} />
      <div className={classes.body}>
        <Boundary
          key={citation.index}
          skeleton={<Skeleton />}
          fallback={(error, retry) => <Unreadable error={error} retry={retry} citation={citation} />}
        >
          <Conversation citation={citation} />
        </Boundary>
      </div>
    </div>
  );
}

function Skeleton() {
  return (
    <div className={classes.pad}>
      <Lines widths={[40, 95, 70, 30, 90, 100, 55, 35, 85]} />
    </div>
  );
}

function Head({ citation, indexes, onOpen, onClose }: SourcePaneProps) {
  const { t } = useTranslation();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
  }, [citation.index]);
  const place = indexes.indexOf(citation.index);
  const previous = indexes[place - 1];
  const next = indexes[place + 1];
  return (
    <div className={classes.head}>
      <h2 ref={heading} tabIndex={-1} data-autofocus className={classes.title}>
        {t("source.label", { index: citation.index })}
        <span> / {indexes.length}</span>
      </h2>
      <Step label={t("source.previous")} to={previous} onOpen={onOpen}>
        <IconChevronUp size={18} aria-hidden />
      </Step>
      <Step label={t("source.next")} to={next} onOpen={onOpen}>
        <IconChevronDown size={18} aria-hidden />
      </Step>
      <Tooltip label={t("common.close")}>
        <ActionIcon onClick={onClose} aria-label={t("common.close")}>
          <IconX size={18} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}

interface StepProps {
  label: string;
  to: number | undefined;
  onOpen: (index: number) => void;
  children: React.ReactNode;
}

function Step({ label, to, onOpen, children }: StepProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon
        aria-label={label}
        className={classes.step ?? ""}
        disabled={to === undefined}
        onClick={() => {
          if (to !== undefined) onOpen(to);
        }}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

function Conversation({ citation }: { citation: Citation }) {
  const { t } = useTranslation();
  const { data: source } = useSuspenseQuery(sourceQuery(useProject().id, citation));
  return (
    <>
      <About source={source} link={safeUrl(citation.url) ?? safeUrl(source.conversation.url)} />
      {source.has_before && <p className={classes.edge}>{t("source.earlier")}</p>}
      <ol className={classes.messages}>
        {source.messages.map((message) => (
          <SourceMessage
            key={message.external_id}
            message={message}
            citation={message.external_id === citation.external_id ? citation : null}
          />
        ))}
      </ol>
      {source.has_after && <p className={classes.edge}>{t("source.later")}</p>}
      <Text fz="xs" c="dimmed" className={classes.edge}>
        {t("source.synced")} <Moment at={source.synced_at} />
      </Text>
    </>
  );
}

function About({ source, link }: { source: Source; link: string | null }) {
  const { t } = useTranslation();
  const { conversation } = source;
  const facts = [
    t("source.conversation", { id: conversation.external_id }),
    conversation.inbox,
    isKnown(conversation.status)
      ? t(`source.status.${conversation.status}`)
      : conversation.status,
  ].filter((fact) => fact !== null && fact !== "");
  return (
    <div className={classes.about}>
      <div className={classes.aboutText}>
        <Text fw={600} dir="auto" lineClamp={2}>
          {conversation.subject ?? conversation.contact ?? facts[0]}
        </Text>
        <Text fz="xs" c="dimmed">
          {conversation.subject && conversation.contact && (
            <>
              <bdi>{conversation.contact}</bdi>
              {" · "}
            </>
          )}
          {facts.join(" · ")}
        </Text>
      </div>
      {link && (
        <Button
          component="a"
          href={link}
          target="_blank"
          rel="noopener noreferrer"
          size="xs"
          variant="default"
          rightSection={<IconExternalLink size={14} aria-label={t("source.newTab")} />}
        >
          {t("source.open")}
        </Button>
      )}
    </div>
  );
}

interface UnreadableProps {
  error: Error;
  retry: () => void;
  citation: Citation;
}

/** The source could not be shown; the quote itself was stored with the answer and still can be. */
function Unreadable({ error, retry, citation }: UnreadableProps) {
  const { t } = useTranslation();
  const gone = error instanceof ApiError && error.problem.status === 404;
  return (
    <div className={classes.pad}>
      {gone ? (
        <>
          <Text fw={600}>{t("source.missing")}</Text>
          <Text c="dimmed" mt={4}>
            {t("source.missingHint")}
          </Text>
        </>
      ) : (
        <ProblemNote error={error} onRetry={retry} />
      )}
      <div className={classes.changed}>
        <blockquote dir="auto">{citation.quote}</blockquote>
      </div>
    </div>
  );
}

type KnownStatus = "open" | "resolved" | "pending" | "snoozed";
const KNOWN = new Set(["open", "resolved", "pending", "snoozed"]);
const isKnown = (status: string): status is KnownStatus => KNOWN.has(status);
