import { Menu, Text, UnstyledButton } from "@mantine/core";
import { IconCheck, IconChevronDown, IconLayoutGrid } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useRouterState } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { type Project, projectsQuery, useSelectProject } from "./api";
import classes from "./projects.module.css";

const SHOWN = 12;

/** Which project is open, and the way to another one. */
export function ProjectMenu({ project }: { project: Project | null }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { data: projects = [] } = useQuery(projectsQuery());
  const select = useSelectProject();
  const name = project?.name ?? t("projects.choose");
  // The same page of the other project: its runs and answers are its own.
  const automating = useRouterState({ select: (state) => state.location.pathname.includes("/automation") });
  const open = (id: string) =>
    select.mutate(id, {
      onSuccess: () =>
        void (automating ? navigate({ to: "/automation" }) : navigate({ to: "/ask/{-$id}", params: {} })),
      onError: () => void navigate({ to: "/projects" }),
    });
  return (
    <Menu width={260}>
      <Menu.Target>
        <UnstyledButton className={classes.trigger} aria-label={`${name}. ${t("projects.switch")}`}>
          <Text component="span" fw={600} truncate dir="auto">
            {name}
          </Text>
          <IconChevronDown size={14} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {projects.slice(0, SHOWN).map((each) => (
          <Menu.Item
            key={each.id}
            onClick={() => open(each.id)}
            rightSection={each.id === project?.id ? <IconCheck size={16} aria-label={t("projects.current")} /> : null}
          >
            <Text component="span" truncate dir="auto" className={classes.item}>
              {each.name}
            </Text>
          </Menu.Item>
        ))}
        {projects.length > 0 && <Menu.Divider />}
        <Menu.Item
          leftSection={<IconLayoutGrid size={16} aria-hidden />}
          onClick={() => void navigate({ to: "/projects" })}
        >
          {t("projects.all")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
