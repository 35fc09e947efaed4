import { ActionIcon, Tooltip } from "@mantine/core";
import { IconChevronDown, IconChevronUp, IconX } from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { Boundary, Lines } from "../../components/ui";
import type { RecordKey } from "./api";
import { useKindName } from "./kinds";
import { SourceBody, Unreadable } from "./source-body";
import classes from "./source.module.css";
import type { Citation } from "./types";

/** The record that is open, and the citation that led to it, if one did. */
export interface Target {
  key: RecordKey;
  citation: Citation | null;
}

interface SourcePaneProps {
  target: Target;
  /** The citations of the answer by their numbers. */
  indexes: number[];
  onOpen: (index: number) => void;
  onRecord: (type: string, id: string) => void;
  onClose: () => void;
}

/** A record in its surroundings, opened at the quote. */
export function SourcePane({ target, indexes, onOpen, onRecord, onClose }: SourcePaneProps) {
  const { key, citation } = target;
  return (
    <div className={classes.pane}>
      <Head target={target} indexes={indexes} onOpen={onOpen} onClose={onClose} />
      <div className={classes.body}>
        <Boundary
          key={`${citation?.index ?? ""} ${key.source_type} ${key.external_id}`}
          skeleton={<Skeleton />}
          fallback={(error, retry) => <Unreadable error={error} retry={retry} citation={citation} />}
        >
          <SourceBody target={target} onRecord={onRecord} />
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

function Head({ target, indexes, onOpen, onClose }: Omit<SourcePaneProps, "onRecord">) {
  const { t } = useTranslation();
  const kindName = useKindName();
  const heading = useRef<HTMLHeadingElement>(null);
  const { key, citation } = target;
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
  }, [citation?.index, key.external_id]);
  return (
    <div className={classes.head}>
      <h2 ref={heading} tabIndex={-1} data-autofocus className={classes.title}>
        {citation === null ? (
          kindName(key.source_type)
        ) : (
          <>
            {t("source.label", { index: citation.index })}
            <span> / {indexes.length}</span>
          </>
        )}
      </h2>
      {citation !== null && <Steps index={citation.index} indexes={indexes} onOpen={onOpen} />}
      <Tooltip label={t("common.close")}>
        <ActionIcon onClick={onClose} aria-label={t("common.close")}>
          <IconX size={18} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}

interface StepsProps {
  index: number;
  indexes: number[];
  onOpen: (index: number) => void;
}

function Steps({ index, indexes, onOpen }: StepsProps) {
  const { t } = useTranslation();
  const place = indexes.indexOf(index);
  return (
    <>
      <Step label={t("source.previous")} to={indexes[place - 1]} onOpen={onOpen}>
        <IconChevronUp size={18} aria-hidden />
      </Step>
      <Step label={t("source.next")} to={indexes[place + 1]} onOpen={onOpen}>
        <IconChevronDown size={18} aria-hidden />
      </Step>
    </>
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
