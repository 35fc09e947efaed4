import { Button, VisuallyHidden } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useProject } from "../projects";
import { useAsk } from "./api";
import classes from "./ask.module.css";
import { useDraft } from "./draft";
import { History } from "./history";
import { QuestionBox } from "./question-box";
import { Asking, NotAnswered, StoredAnswer, useAnnouncement } from "./result";
import { SourceSide } from "./source-side";
import { Welcome } from "./welcome";

interface AskPageProps {
  /** The stored answer to show; null for a new question. */
  answerId: string | null;
  /** The index of the citation whose source is open. */
  sourceIndex: number | null;
}

/** Ask: history, the question, its answer, and the source of a citation beside it. */
export function AskPage({ answerId, sourceIndex }: AskPageProps) {
  const { t } = useTranslation();
  const flow = useAskFlow(answerId);
  const show = useShowSource(answerId);
  const said = useAnnouncement(answerId, flow.asking !== null);
  return (
    <div className={classes.page}>
      <nav className={classes.history} aria-label={t("history.title")}>
        <NewQuestion />
        <History currentId={answerId} />
      </nav>
      <div className={classes.main}>
        <QuestionBox
          value={flow.draft}
          onChange={flow.setDraft}
          onAsk={flow.ask}
          busy={flow.asking !== null}
          again={answerId !== null}
        />
        <VisuallyHidden role="status">{said}</VisuallyHidden>
        <Result flow={flow} answerId={answerId} sourceIndex={sourceIndex} onOpen={show.open} />
      </div>
      {answerId !== null && flow.asking === null && (
        <SourceSide
          answerId={answerId}
          index={sourceIndex}
          onOpen={show.open}
          onClose={show.close}
        />
      )}
    </div>
  );
}

interface ResultProps extends AskPageProps {
  flow: ReturnType<typeof useAskFlow>;
  onOpen: (index: number) => void;
}

function Result({ flow, answerId, sourceIndex, onOpen }: ResultProps) {
  if (flow.asking !== null) return <Asking question={flow.asking} />;
  if (flow.failed !== null) return <NotAnswered {...flow.failed} onRetry={flow.ask} />;
  if (answerId === null) return <Welcome onAsk={flow.ask} />;
  return (
    <StoredAnswer
      key={answerId}
      id={answerId}
      openIndex={sourceIndex}
      onOpen={onOpen}
      onAskAgain={flow.ask}
    />
  );
}

/** The question under way on this page. One asked from another page of the history is not shown. */
function useAskFlow(answerId: string | null) {
  const navigate = useNavigate();
  const [draft, setDraft] = useDraft(useProject().id);
  const { mutate, isPending, error, variables } = useAsk(async (answer, asked) => {
    if (draft.trim() === asked.question) setDraft("");
    if (asked.from === answerId) await navigate({ to: "/ask/{-$id}", params: { id: answer.id } });
  });
  const question = variables?.from === answerId ? variables.question : null;
  return {
    draft,
    setDraft,
    ask: (asked: string) => mutate({ question: asked, from: answerId }),
    asking: isPending ? question : null,
    failed: error !== null && question !== null ? { error, question } : null,
  };
}

/** The open source is in the address: it can be shared, and Back closes it. */
function useShowSource(answerId: string | null) {
  const navigate = useNavigate();
  const params = answerId === null ? {} : { id: answerId };
  const go = (source: number | undefined) =>
    void navigate({
      to: "/ask/{-$id}",
      params,
      search: source === undefined ? {} : { source },
      resetScroll: false,
    });
  return { open: (index: number) => go(index), close: () => go(undefined) };
}

function NewQuestion() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  return (
    <Button
      variant="default"
      fullWidth
      justify="flex-start"
      leftSection={<IconPlus size={16} aria-hidden />}
      onClick={() => void navigate({ to: "/ask/{-$id}", params: {} })}
    >
      {t("ask.new")}
    </Button>
  );
}
