import { ActionIcon, Group, Menu } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCalendarTime, IconDots, IconList, IconPlayerPause, IconPlayerPlay, IconPlayerTrackNext } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { ActButton } from "../../components/ui";
import { useRefusal } from "../projects";

import type { Job } from "./api";
import { CadenceDialog } from "./cadence-dialog";
import { useRest, useRunNow } from "./use-changes";
import { jobName } from "./words";

interface JobActionsProps {
  job: Job;
  /** Legacy jobs rest in this installation. */
  lightragOnly: boolean;
}

/** Run now, pause or resume, and what is asked for more rarely. */
export function JobActions({ job, lightragOnly }: JobActionsProps) {
  const { t } = useTranslation();
  const name = jobName(t, job.job_type);
  const role = useRefusal("run");
  const held = job.legacy && lightragOnly ? t("automation.heldByFlag") : null;
  const run = useRunNow(job);
  const { pause, resume } = useRest(job);
  return (
    <Group gap={2} wrap="nowrap" justify="flex-end" component="span">
      <ActButton
        label={t("automation.act.runNamed", { job: name })}
        hint={t("automation.act.run")}
        Icon={IconPlayerPlay}
        refusal={role ?? held}
        busy={run.isPending}
        onClick={() => run.mutate()}
      />
      {job.status === "active" ? (
        <ActButton
          label={t("automation.act.pauseNamed", { job: name })}
          hint={t("automation.act.pause")}
          Icon={IconPlayerPause}
          refusal={role}
          busy={pause.isPending}
          onClick={() => pause.mutate()}
        />
      ) : (
        <ActButton
          label={t("automation.act.resumeNamed", { job: name })}
          hint={t("automation.act.resume")}
          Icon={IconPlayerTrackNext}
          refusal={role ?? held}
          busy={resume.isPending}
          onClick={() => resume.mutate()}
        />
      )}
      <More job={job} name={name} />
    </Group>
  );
}

function More({ job, name }: { job: Job; name: string }) {
  const { t } = useTranslation();
  const refusal = useRefusal("manage");
  const [opened, dialog] = useDisclosure(false);
  const trigger = useRef<HTMLButtonElement>(null);
  const close = () => {
    dialog.close();
    trigger.current?.focus();
  };
  return (
    <>
      <Menu position="bottom-end" width={240}>
        <Menu.Target>
          <ActionIcon ref={trigger} aria-label={t("automation.act.more", { job: name })}>
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={<IconCalendarTime size={16} aria-hidden />}
            disabled={refusal !== null}
            onClick={dialog.open}
          >
            {t("automation.act.change")}
          </Menu.Item>
          {refusal !== null && <Menu.Label>{refusal}</Menu.Label>}
          <Menu.Item
            leftSection={<IconList size={16} aria-hidden />}
            renderRoot={(props) => (
              <Link to="/automation" search={{ tab: "runs", job: job.job_type }} {...props} />
            )}
          >
            {t("automation.act.runs")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {opened && <CadenceDialog job={job} onClose={close} />}
    </>
  );
}
