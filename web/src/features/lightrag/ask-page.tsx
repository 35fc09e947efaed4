import { Button, UnstyledButton, VisuallyHidden } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import classes from "./ask.module.css";
import { CasesLink } from "./cases-link";
import { FilterBar } from "./filter-bar";
import { FollowChip } from "./follow";
import { History } from "./history";
import type { Place } from "./place";
import { QuestionBox } from "./question-box";
import { Asking, NotAnswered, Previous, StoppedAnswer, StoredAnswer, useAnnouncement } from "./result";
import { SourceSide } from "./source-side";
import { again, type AskFlow, useAskPage } from "./use-ask-page";
import { Welcome } from "./welcome";

interface AskPageProps {
  /** The stored answer to show; null for a new question. */
  answerId: string | null;
  place: Place;
}

/** Ask: history, the question, its answer, and the source of a citation beside it. */
export function AskPage({ answerId, place }: AskPageProps) {
  const { t } = useTranslation();
  const flow = useAskPage(answerId, place);
  const { followed } = flow;
  const said = useAnnouncement(flow.asking !== null, (flow.stopped ?? flow.failed) === null ? flow.answer : null);
  return (
    <div className={classes.page}>
      <nav className={classes.history} aria-label={t("history.title")}>
        <NewQuestion onPress={flow.fresh} />
        <History currentId={answerId} />
        <CasesLink />
      </nav>
      <div className={classes.main}>
        {followed && <FollowChip answer={followed} onDrop={() => flow.go.follow(false)} />}
        <QuestionBox
          value={flow.draft}
          onChange={flow.setDraft}
          onAsk={flow.ask}
          onStop={flow.stop}
          busy={flow.busy}
          again={answerId !== null}
          follows={followed !== null}
        />
        <FilterBar narrowed={place} onChange={flow.go.narrow} />
        <VisuallyHidden role="status">{said}</VisuallyHidden>
        {flow.elsewhere !== null && <Elsewhere question={flow.elsewhere} onStop={flow.stop} />}
        <Result flow={flow} answerId={answerId} place={place} />
      </div>
      <SourceSide
        citations={flow.asking === null ? (flow.answer?.citations ?? []) : flow.coming.citations}
        place={place}
        onOpen={flow.go.source}
        onRecord={flow.go.record}
        onClose={flow.go.close}
      />
    </div>
  );
}

function Result({ flow, answerId, place }: AskPageProps & { flow: AskFlow }) {
  const { asking, failed, stopped, coming } = flow;
  const openIndex = place.source ?? null;
  const stored = (busy: boolean) =>
    answerId !== null && <Stored key={answerId} id={answerId} flow={flow} place={place} busy={busy} />;
  if (asking !== null) {
    return (
      <>
        <Asking question={asking.question} coming={coming} openIndex={openIndex} onOpen={flow.go.source} />
        {answerId !== null && <Previous>{stored(true)}</Previous>}
      </>
    );
  }
  if (failed !== null || stopped !== null) {
    return (
      <>
        {failed !== null && (
          <NotAnswered error={failed.error} question={failed.question.question} onRetry={() => flow.send(failed.question)} />
        )}
        {stopped !== null && (
          <StoppedAnswer question={stopped.question} coming={coming} onRetry={() => flow.send(stopped)} />
        )}
        {answerId !== null && <Previous still>{stored(false)}</Previous>}
      </>
    );
  }
  return stored(false) || <Welcome onAsk={flow.ask} />;
}

interface StoredProps {
  id: string;
  flow: AskFlow;
  place: Place;
  busy: boolean;
}

function Stored({ id, flow, place, busy }: StoredProps) {
  const { go, send } = flow;
  return (
    <StoredAnswer
      id={id}
      openIndex={busy ? null : (place.source ?? null)}
      acts={{
        open: go.source,
        openRecord: go.record,
        again: (answer) => send(again(answer)),
        explain: (answer) => send(again(answer, { explain: true })),
        follow: place.follow ? null : () => go.follow(true),
        unfiltered: ({ question, history }) => {
          if (flow.busy) return;
          go.narrow({});
          send({ question, ...(history.length > 0 && { history }) });
        },
      }}
    />
  );
}

function Elsewhere({ question, onStop }: { question: string; onStop: () => void }) {
  const { t } = useTranslation();
  return (
    <p className={classes.elsewhere}>
      <span>
        {t("ask.elsewhere")} <bdi>{question}</bdi>
      </span>
      <UnstyledButton onClick={onStop}>{t("ask.stop")}</UnstyledButton>
    </p>
  );
}

function NewQuestion({ onPress }: { onPress: () => void }) {
  const { t } = useTranslation();
  return (
    <Button
      variant="default"
      fullWidth
      justify="flex-start"
      leftSection={<IconPlus size={16} aria-hidden />}
      onClick={onPress}
    >
      {t("ask.new")}
    </Button>
  );
}
