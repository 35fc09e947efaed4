import { Button, Group, Modal, Skeleton, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { api, unwrap } from "../../api/client";
import { ProblemNote } from "../../components/ui";
import { firstClick } from "../../lib/first-click";
import { clock } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useServerNow } from "../../lib/server-clock";
import { useZone } from "../../lib/zone";
import { useProject } from "../projects";
import { useLetters, type Which } from "./use-changes";

export type Fate = "replay" | "discard";

interface LettersDialogProps {
  fate: Fate;
  /** With `before`, so that nothing is caught that the list did not show. */
  which: Which & { before: string };
  onClose: () => void;
}

/** What will happen to how many letters: counted by the server first, then done on a word. */
export function LettersDialog({ fate, which, onClose }: LettersDialogProps) {
  const { t } = useTranslation();
  const zone = useZone();
  const now = useServerNow(60_000);
  const rehearsal = useRehearsal(fate, which);
  const letters = useLetters(which);
  const act = fate === "replay" ? letters.replay : letters.discard;
  const count = rehearsal.data?.letters;
  return (
    <Modal
      opened
      onClose={onClose}
      title={<Text fw={600}>{t(`automation.letters.${fate}Title`)}</Text>}
      closeButtonProps={{ "aria-label": t("common.close") }}
      transitionProps={{ duration: 120 }}
    >
      <Stack gap="md">
        <Counted fate={fate} rehearsal={rehearsal} />
        <Text fz="xs" c="dimmed">
          {t("automation.letters.onlySeen", { time: clock(which.before, now, locale(), zone) })}
        </Text>
        {act.error && <ProblemNote error={act.error} title={t(`automation.letters.${fate}Failed`)} />}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" data-autofocus onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button
            color={fate === "discard" ? "critical" : "beacon"}
            disabled={count === undefined || count === 0}
            loading={act.isPending}
            onClick={firstClick(() => act.mutate(undefined, { onSuccess: onClose }))}
          >
            {count === undefined
              ? t(`automation.letters.${fate}`)
              : t(`automation.letters.${fate}Submit`, { count })}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Counted({ fate, rehearsal }: { fate: Fate; rehearsal: ReturnType<typeof useRehearsal> }) {
  const { t } = useTranslation();
  const { data, error, refetch } = rehearsal;
  if (data !== undefined) {
    const { letters: count } = data;
    return (
      <Text>
        {count === 0 ? t("automation.letters.gone") : t(`automation.letters.${fate}Body`, { count })}
      </Text>
    );
  }
  if (error === null) return <Skeleton h={42} aria-label={t("automation.letters.counting")} />;
  return (
    <ProblemNote
      error={error}
      title={t("automation.letters.countFailed")}
      onRetry={() => void refetch()}
    />
  );
}

/** How many letters it would be; asked anew each time the dialog opens. */
function useRehearsal(fate: Fate, which: Which) {
  const body = { all: false, ...which, dry_run: true };
  return useQuery({
    queryKey: ["rehearsal", useProject().id, fate, which],
    queryFn: (): Promise<{ letters: number }> =>
      fate === "replay"
        ? unwrap(api.POST("/jobs/dead-letters/replay", { body }))
        : unwrap(api.POST("/jobs/dead-letters/discard", { body })),
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
}
