import { Button, Code, Group, Stack, Text, TextInput, Title, UnstyledButton } from "@mantine/core";
import { IconCheck, IconChevronRight, IconPlus } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import { Boundary, Lines, ProblemNote, usePageTitle } from "../../components/ui";
import { type Project, projectsQuery, useCreateProject, useSelectProject } from "./api";
import classes from "./projects.module.css";

interface ProjectsPageProps {
  currentId: string | null;
  mayCreate: boolean;
  onOpen: () => void;
}

export function ProjectsPage(props: ProjectsPageProps) {
  const { t } = useTranslation();
  usePageTitle(t("projects.title"));
  return (
    <div className={classes.page}>
      <Title order={1} fz="xl">
        {t("projects.choose")}
      </Title>
      <Text c="dimmed" mt={4} mb="lg">
        {t("projects.chooseHint")}
      </Text>
      <Boundary skeleton={<Lines widths={[100, 100, 100]} height={52} />}>
        <Projects {...props} />
      </Boundary>
    </div>
  );
}

function Projects({ currentId, mayCreate, onOpen }: ProjectsPageProps) {
  const { t } = useTranslation();
  const { data: projects } = useSuspenseQuery(projectsQuery());
  const select = useSelectProject();
  return (
    <Stack gap="lg">
      {select.error && (
        <ProblemNote
          error={select.error}
          title={t("projects.selectFailed")}
          onRetry={() => select.mutate(select.variables, { onSuccess: onOpen })}
        />
      )}
      {projects.length === 0 ? (
        <NoProjects mayCreate={mayCreate} />
      ) : (
        <ul className={classes.list}>
          {projects.map((project) => (
            <li key={project.id}>
              <ProjectRow
                project={project}
                current={project.id === currentId}
                busy={select.isPending}
                onOpen={() => select.mutate(project.id, { onSuccess: onOpen })}
              />
            </li>
          ))}
        </ul>
      )}
      {mayCreate && <CreateProject startOpen={projects.length === 0} onDone={onOpen} />}
    </Stack>
  );
}

function NoProjects({ mayCreate }: { mayCreate: boolean }) {
  const { t } = useTranslation();
  return (
    <div className={classes.empty}>
      <Text fw={600}>{t("projects.none")}</Text>
      <Text c="dimmed" mt={4}>
        {mayCreate ? t("projects.noneOwner") : t("projects.noneMember")}
      </Text>
      <Code block mt="sm">
        mayak project create &quot;Northwind&quot;
      </Code>
    </div>
  );
}

interface ProjectRowProps {
  project: Project;
  current: boolean;
  busy: boolean;
  onOpen: () => void;
}

function ProjectRow({ project, current, busy, onOpen }: ProjectRowProps) {
  const { t } = useTranslation();
  return (
    <UnstyledButton className={classes.row} onClick={onOpen} disabled={busy}>
      <span className={classes.initial} aria-hidden>
        {Array.from(project.name)[0]?.toUpperCase()}
      </span>
      <span className={classes.rowText}>
        <Text component="span" fw={600} truncate dir="auto">
          {project.name}
        </Text>
        <Text component="span" fz="xs" c="dimmed" truncate>
          {project.slug} · {t(`role.${project.role}`)} · {project.time_zone}
        </Text>
      </span>
      {current ? <IconCheck size={18} aria-label={t("projects.current")} /> : <IconChevronRight size={18} aria-hidden />}
    </UnstyledButton>
  );
}

function CreateProject({ startOpen, onDone }: { startOpen: boolean; onDone: () => void }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(startOpen);
  const [name, setName] = useState("");
  const [zone, setZone] = useState(() => Intl.DateTimeFormat().resolvedOptions().timeZone);
  const create = useCreateProject();

  const submit = (event?: SyntheticEvent) => {
    event?.preventDefault();
    create.mutate({ name: name.trim(), time_zone: zone }, { onSuccess: onDone });
  };
  if (!open) {
    return (
      <Button
        variant="default"
        leftSection={<IconPlus size={16} />}
        onClick={() => setOpen(true)}
        className={classes.start}
      >
        {t("projects.create")}
      </Button>
    );
  }
  return (
    <form onSubmit={submit} className={classes.form}>
      <Title order={2} fz="lg" mb="sm">
        {t("projects.create")}
      </Title>
      {create.error && <ProblemNote error={create.error} onRetry={submit} />}
      <Group align="flex-end" gap="sm" mt="sm">
        <TextInput
          label={t("projects.name")}
          placeholder={t("projects.namePlaceholder")}
          required
          withAsterisk={false}
          maxLength={120}
          flex="2 1 200px"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <ZoneInput value={zone} onChange={setZone} />
        <Button type="submit" loading={create.isPending} disabled={name.trim() === ""}>
          {t("projects.submit")}
        </Button>
      </Group>
    </form>
  );
}

function ZoneInput({ value, onChange }: { value: string; onChange: (zone: string) => void }) {
  const { t } = useTranslation();
  return (
    <>
      <TextInput
        label={t("projects.zone")}
        list="time-zones"
        required
        withAsterisk={false}
        flex="1 1 160px"
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      <datalist id="time-zones">
        {Intl.supportedValuesOf("timeZone").map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    </>
  );
}
